"""Measures PyTorch on a checkpoint, through the Llama of transformers.

    torch_bench.py MODEL --dtype f32 --threads 2 --mode prefill --rows 8x256 --logits all
    torch_bench.py MODEL --dtype bf16 --threads 2 --mode decode --rows 1x64 --serve

Attention is PyTorch's fused one and no gradients are kept. A prefill sample is one forward pass
over all rows; with --logits last the head runs on the last position of a row only. A decode sample
generates T tokens, one at a time and each the likeliest, after a prompt of eight tokens whose pass
is not timed. Two samples are taken and discarded before the first that counts. With --compile the
model goes through torch.compile, with a cache of fixed size; that takes some seconds before the
first sample.
"""

import os
import sys
import time

import samples

PROMPT = 8


def main():
    parser = samples.parser(__doc__)
    parser.add_argument("--compile", action="store_true", help="use torch.compile")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    os.environ["HF_HUB_OFFLINE"] = "1"
    begin = time.perf_counter()
    bench = TorchBench(options)
    bench.sample()
    bench.sample()
    print(f"loaded and warm after {time.perf_counter() - begin:.2f} s", file=sys.stderr)
    if options.serve:
        samples.serve(bench.sample)
    else:
        for _ in range(options.samples):
            samples.emit(bench.sample())


class TorchBench:
    """A loaded model and the tokens to run through it."""

    def __init__(self, options):
        # Only now, so that PyTorch sees the number of threads in the environment.
        import torch
        import transformers

        torch.set_num_threads(options.threads)
        transformers.utils.logging.disable_progress_bar()
        self.torch, self.transformers = torch, transformers
        self.options = options
        self.model = transformers.LlamaForCausalLM.from_pretrained(
            options.model, dtype={"f32": torch.float32, "bf16": torch.bfloat16}[options.dtype],
            attn_implementation="sdpa", local_files_only=True).eval()
        self.run = torch.compile(self.model, dynamic=False) if options.compile else self.model
        rows, columns = options.rows
        context = self.model.config.max_position_embeddings
        needed = columns + (PROMPT if options.mode == "decode" else 0)
        if needed > context:
            sys.exit(f"torch_bench.py: {needed} tokens exceed the model's context of {context}")
        generator = torch.Generator().manual_seed(7)
        length = PROMPT if options.mode == "decode" else columns
        self.ids = torch.randint(
            3, self.model.config.vocab_size, (rows, length), generator=generator)

    def sample(self):
        """Runs the model once."""
        with self.torch.inference_mode():
            seconds = self.decode() if self.options.mode == "decode" else self.prefill()
        rows, columns = self.options.rows
        return {
            "tokens_per_second": rows * columns / seconds, "seconds": seconds,
            "tokens": rows * columns,
        }

    def prefill(self):
        """Returns the seconds of one pass over all rows."""
        kept = 1 if self.options.logits == "last" else 0
        begin = time.perf_counter()
        logits = self.run(input_ids=self.ids, use_cache=False, logits_to_keep=kept).logits
        seconds = time.perf_counter() - begin
        rows, columns = self.options.rows
        self.check(logits, (rows, kept or columns, self.model.config.vocab_size))
        return seconds

    def decode(self):
        """Returns the seconds of generating the tokens after the prompt."""
        rows, columns = self.options.rows
        cache = self.cache(PROMPT + columns)
        output = self.model(input_ids=self.ids, cache=cache, use_cache=True, logits_to_keep=1)
        begin = time.perf_counter()
        for _ in range(columns):
            next_ids = output.logits[:, -1].argmax(dim=-1, keepdim=True)
            output = self.run(input_ids=next_ids, cache=cache, use_cache=True, logits_to_keep=1)
        seconds = time.perf_counter() - begin
        self.check(output.logits, (rows, 1, self.model.config.vocab_size))
        if cache.get_seq_length() != PROMPT + columns:
            sys.exit("torch_bench.py: the cache does not hold every token")
        return seconds

    def cache(self, length):
        """Returns an empty cache: one that grows, or of fixed size for a compiled model."""
        if self.options.compile:
            return self.transformers.StaticCache(config=self.model.config, max_cache_len=length)
        return self.transformers.DynamicCache(config=self.model.config)

    def check(self, logits, shape):
        """Ends the program if the logits cannot be right, which makes their time worthless."""
        if tuple(logits.shape) != shape or not bool(self.torch.isfinite(logits).all()):
            sys.exit("torch_bench.py: the logits are wrong")


if __name__ == "__main__":
    main()
