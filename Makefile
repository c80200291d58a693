.DEFAULT_GOAL := help
PYTHON ?= python3
# Of the embedded cloud; tests/cloud/releases.py has them.
RELEASE ?= newest
export EMBEDDED_CLOUD_RELEASE := $(RELEASE)
# Below its Neutron; tests/cloud/networks.py has them.
NETWORK ?= plain
export EMBEDDED_CLOUD_NETWORK := $(NETWORK)
SUITE := $(PYTHON) -m tests.suite

.PHONY: help
help:  ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | \
	    expand -t 14

.PHONY: demo
demo:  ## Show the main job on the embedded cloud (RELEASE=2025.1, NETWORK=ovn)
	@$(PYTHON) -m tests.cloud.demo

.PHONY: test test-oldest test-ovn test-releases
test:  ## Run all checks of tox.ini, and add up what passed and failed
	@$(SUITE)
test-oldest:  ## Run every functional test on the oldest supported releases
	@$(SUITE) -e oldest-functional -- tests.functional

test-ovn:  ## Run the functional tests on a cloud with OVN
	@$(SUITE) -e ovn

test-releases:  ## Run the functional tests on each release of OpenStack
	@EMBEDDED_CLOUD_RELEASE=newest $(SUITE) -e functional,releases

.PHONY: lint types unit functional docs
lint:  ## Check the style
	@$(SUITE) -e pep8
types:  ## Check the types
	@$(SUITE) -e mypy
unit:  ## Run the unit tests, on each supported Python found
	@$(SUITE) -e py311,py312,py313,py314
functional:  ## Run the functional tests, and what the pages show
	@$(SUITE) -e sessions,functional
docs:  ## Build the documentation
	@$(SUITE) -e docs,releasenotes

.PHONY: release
release:  ## Build the sdist and the wheel of a release, and check them
	@$(SUITE) -e release

.PHONY: fuzz
fuzz:  ## Fuzz for long, and count the cases
	@$(SUITE) -e fuzz

.PHONY: test-reach
test-reach:  ## Compare what reach judges with what OVN does, and count the pairs
	@$(SUITE) -e reach

.PHONY: bench
bench:  ## Run the benchmarks, and write benchmarks/README.rst
	@"$$($(PYTHON) -m tests.environments newest)/python" -m benchmarks

.PHONY: up down status
up:  ## Bring the embedded cloud up; RELEASE and NETWORK are for these, too
	@$(PYTHON) -m tests.cloud up
down:  ## Stop the embedded cloud
	@$(PYTHON) -m tests.cloud down
status:  ## Show the services of the embedded cloud
	@$(PYTHON) -m tests.cloud status
