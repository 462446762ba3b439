# The two commands: `make up` starts lbd and the replicas of the conf, `make test` checks everything that
# needs only the toolchain. `make` alone lists the goals.

CONF ?= etc/lb.conf
BIN  := .build/release
compose = $(BIN)/compose --conf '$(CONF)'

.PHONY: help up down ps logs restart scale stop-replica start-replica build test lint format clean

help: ## list the goals
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-26s %s\n", $$1 ($$1 == "up" ? " [CONF=FILE]" : \
	  $$1 == "logs" ? " [F=1]" : $$1 == "scale" ? " N=5" : $$1 ~ /-replica/ ? " PORT=8082" : ""), $$2 }' Makefile

up: build ## build, start lbd and the local replicas of the conf, wait until all are up
	@$(compose) up

down: | $(BIN)/compose ## stop all of them, each after what it has in flight
	@$(compose) down

ps: | $(BIN)/compose ## list them
	@$(compose) ps

logs: | $(BIN)/compose ## show the ends of their logs; F=1 follows
	@$(compose) logs $(if $(F),--follow)

restart: build ## down, then up
	@$(compose) restart

scale: | $(BIN)/compose ## have N local replicas in the running pool
	@$(compose) scale '$(N)'

stop-replica: | $(BIN)/compose ## stop one replica
	@$(compose) stop-replica '$(PORT)'

start-replica: | $(BIN)/compose ## start one replica
	@$(compose) start-replica '$(PORT)'

build: ## build all commands, optimised and static
	@swift build -c release

# What looks after processes must be there for that, even in a tree where nothing was built yet.
$(BIN)/compose:
	@swift build -c release --product compose

test: build ## all tests: units, and whole processes of the release build
	@LBD_BIN_DIR='$(CURDIR)/$(BIN)' swift test --disable-xctest

lint: ## check the format of the sources
	@swift format lint --strict -r Sources Tests Package.swift
	@bash -n .ci/run

format: ## format the sources in place
	@swift format -i -r Sources Tests Package.swift

clean: ## stop all, remove what was built and run/
	@if [ -x $(BIN)/compose ]; then $(compose) down; fi
	@rm -rf .build run
