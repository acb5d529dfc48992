"""The harness's own reading of WikiText pages, for the task of a local file."""

from lm_eval.tasks.wikitext import preprocess_wikitext


def detokenized(doc):
    return preprocess_wikitext.wikitext_detokenizer(doc)


def process_results(doc, results):
    return preprocess_wikitext.process_results(doc, results)
