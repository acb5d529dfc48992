# The front door. Every target is a command that a Swift developer already knows.
SWIFT ?= swift
# One configuration for everything, so that tests of numerics are fast and nothing is built twice.
RELEASE = -c release
FORMATTED = Package.swift Sources Tests
CATALOG = Sources/wina/Documentation.docc

.PHONY: help setup build quickstart test format lint bench docs clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

setup: ## install the system libraries that are missing
	@SWIFT='$(SWIFT)' .ci/setup

build: setup ## build the wina program
	@$(SWIFT) build $(RELEASE) --product wina

quickstart: build ## build, then run the first experiment
	@.build/release/wina run experiments/quickstart.yaml
	@echo 'Next: change "k: 8" to "k: 6" in experiments/quickstart.yaml and run make quickstart again.'

test: setup ## build and run every test
	@$(SWIFT) test $(RELEASE) --disable-testable-imports

format: ## rewrite the sources in the project's style
	@$(SWIFT) format --in-place --parallel --recursive $(FORMATTED)

lint: ## check the style without rewriting
	@$(SWIFT) format lint --strict --parallel --recursive $(FORMATTED)

bench: setup ## measure; make bench FILTER=prefill for one of them
	@$(SWIFT) build $(RELEASE) --product WinaBenchmarks
	@.build/release/WinaBenchmarks $(if $(FILTER),--filter $(FILTER))

docs: ## build the documentation into .build/documentation
	@SWIFT='$(SWIFT)' .ci/docs $(CATALOG) .build/documentation

clean: ## remove what was built; the cache stays
	@rm -rf .build
