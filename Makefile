# The two commands: `make up` starts lbd and the replicas of the conf, `make test` checks everything that
# needs only the toolchain. `make` alone lists the goals.

CONF ?= etc/lb.conf
BIN  := .build/release
compose = CONF='$(CONF)' BIN='$(BIN)' scripts/compose.sh

.PHONY: help up down ps logs restart scale stop-replica start-replica build test lint format clean

help: ## list the goals
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-26s %s\n", $$1 ($$1 == "up" ? " [CONF=FILE]" : \
	  $$1 == "logs" ? " [F=1]" : $$1 == "scale" ? " N=5" : $$1 ~ /-replica/ ? " PORT=8082" : ""), $$2 }' Makefile

up: build ## build, start lbd and the local replicas of the conf, wait until all are up
	@$(compose) up

down: ## stop all of them, each after what it has in flight
	@$(compose) down

ps: ## list them
	@$(compose) ps

logs: ## show the ends of their logs; F=1 follows
	@F='$(F)' $(compose) logs

restart: build ## down, then up
	@$(compose) restart

scale: ## have N local replicas in the running pool
	@$(compose) scale '$(N)'

stop-replica: ## stop one replica
	@$(compose) stop-replica '$(PORT)'

start-replica: ## start one replica
	@$(compose) start-replica '$(PORT)'

build: ## build lbd, replicad and lbctl, optimised and static
	@swift build -c release

test: build ## all tests: units, and whole processes of the release build
	@LBD_BIN_DIR='$(CURDIR)/$(BIN)' swift test --disable-xctest

lint: ## check the format of the sources and the syntax of the scripts
	@swift format lint --strict -r Sources Tests Package.swift
	@for script in scripts/*.sh .ci/run; do bash -n $$script || exit 1; done

format: ## format the sources in place
	@swift format -i -r Sources Tests Package.swift

clean: down ## stop all, remove what was built and run/
	@rm -rf .build run
