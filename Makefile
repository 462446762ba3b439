# The two commands: `make up` starts lbd and the replicas of the conf, `make test` checks everything that
# needs only the toolchain. `make` alone lists the goals.

CONF ?= etc/lb.conf
BIN  := .build/release
compose = $(BIN)/compose --conf '$(CONF)'

PREFIX ?= /usr
DESTDIR ?=

.PHONY: help up down ps logs restart scale stop-replica start-replica build test check test-abuse \
  test-browser test-cost test-network test-peers test-systemd test-docker test-upgrade fuzz \
  fuzz-differential fuzz-process bench lint format install install-symbols uninstall dist test-man clean soak

help: ## list the goals
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { start = sprintf("make %-27s", $$1 ($$1 == "up" ? " [CONF=FILE]" : \
	  $$1 == "logs" ? " [F=1]" : $$1 == "scale" ? " N=5" : $$1 ~ /^fuzz/ ? " [TIME=60]" : \
	  $$1 ~ /-replica/ ? " PORT=8082" : $$1 == "bench" ? " [ROUNDS=5]" : "")); \
	  count = split($$2, words, " "); line = start; \
	  for (i = 1; i <= count; i++) { \
	    if (length(line " " words[i]) > 80) { print line; line = sprintf("%32s", "") } \
	    line = line " " words[i] } \
	  print line }' Makefile

up: build ## build, start lbd and the demo replicas of the conf, wait for them; with an app of your own lbd alone
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

# What is installed and packed: the same without symbols, which lie beside it for a debugger.
SHIPPED := $(addprefix .build/shipped/,lbd lbctl replicad)

build: ## build all commands, optimised and static; 2 minutes on two quiet cores, the first time
	@swift build -c release
	@$(MAKE) -s $(SHIPPED)

.build/shipped/%: $(BIN)/% deploy/strip.sh
	@deploy/strip.sh '$<' '$@'

$(BIN)/lbd $(BIN)/lbctl $(BIN)/replicad:
	@echo 'nothing is built: run make build first, as yourself' >&2; exit 1

# What looks after processes must be there for that, even in a tree where nothing was built yet.
$(BIN)/compose:
	@swift build -c release --product compose

# Tells once more at the end what failed.
run-tests = LBD_BIN_DIR='$(CURDIR)/$(BIN)' Tests/run.sh

test: build ## all tests that need only the toolchain: units, and whole processes of the release build
	@$(run-tests) --skip BrowserTests \
	  --skip 'ProcessTests\.(Abuse|Cost|Former|Peer|Network)'

check: lint ## the format, and all tests but those of whole processes: without a release build
	@Tests/run.sh --skip '^(ProcessTests|BrowserTests)\.'

test-abuse: build ## every sort of hostile client at once, for ABUSE_SECONDS, 240 unless set
	@$(run-tests) --filter 'ProcessTests\.Abuse'

test-cost: build ## the instructions that a request costs; needs Debian's valgrind
	@$(run-tests) --filter 'ProcessTests\.Cost'

test-network: build ## hosts that fall silent, in network namespaces; needs root, Debian's iproute2 and nftables
	@$(run-tests) --filter 'ProcessTests\.Network'

soak: build ## the trials of failover and reload at full length, one after the other; 12 minutes
	@SOAK=1 SOAK_SECONDS=60 $(run-tests) --no-parallel \
	  --filter 'ProcessTests\.(ReplicaDeath|Hold|KeepAliveLimit|RetryBudget|HealthCheck|Ejection|ReloadSoak)|SimulationTests'

test-browser: build ## /docs in a real browser; needs Debian's chromium and chromium-driver
	@$(run-tests) --filter BrowserTests

test-peers: build ## uvicorn, nginx, curl and Python's clients with lbd; Debian's packages are in .ci/run
	@$(run-tests) --filter '\.Peer'

# A directory with lbd and lbctl of the release before this one; built from history unless it is given.
FORMER_BIN ?=

test-upgrade: build ## this release and the former one, which it builds once, take over from each other
	@$(if $(FORMER_BIN),,Tests/former.sh .build/former)
	@FORMER_BIN='$(or $(FORMER_BIN),$(CURDIR)/.build/former)' $(run-tests) --filter 'ProcessTests\.Former'

test-systemd: build ## the units under a real systemd, Debian 12's or with SUITE=trixie 13's; needs root
	@deploy/systemd/test.sh

test-docker: build ## docker-compose up with a real engine; needs root
	@deploy/docker/test.sh

TIME ?= 60

fuzz: ## feed the parsers and the conf what nobody would send, TIME seconds for each or for TARGET
	@Tests/Fuzz/run.sh '$(TIME)' $(TARGET)

# h11 is Debian's, so it is the interpreter of Debian that finds it.
fuzz-differential: build ## the same messages to lbd's parser and to h11; needs Debian's python3-h11
	@PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 Tests/Differential/differential.py \
	  --probe $(BIN)/head-probe --time '$(TIME)' $(if $(SEED),--seed '$(SEED)')

fuzz-process: build ## whole processes attacked from all sides at once, and what is left of it; SEED=N has it again
	@LBD_BIN_DIR='$(CURDIR)/$(BIN)' $(BIN)/fuzz-process --time '$(TIME)' $(if $(SEED),--seed '$(SEED)')

bench: build ## lbd beside nginx, HAProxy and a blind relay, in bench/results.md; 8 minutes
	@bench/tools.sh
	@$(BIN)/bench $(if $(ROUNDS),--rounds '$(ROUNDS)') $(if $(SECONDS),--seconds '$(SECONDS)') \
	  $(if $(SCENARIOS),--scenarios '$(SCENARIOS)') $(if $(BALANCERS),--balancers '$(BALANCERS)') \
	  $(if $(LBD_BEFORE),--lbd-before '$(LBD_BEFORE)') $(if $(OUT),--out '$(OUT)')

lint: ## check the format of the sources
	@swift format lint --strict -r Sources Tests bench/Sources Package.swift
	@for script in .ci/run bench/*.sh deploy/*.sh deploy/*/*.sh deploy/debian/p* docs/*/*.sh Tests/*.sh Tests/*/*.sh; do $$(sed -n '1s/.*[ /]//p' $$script) -n $$script || exit 1; done

format: ## format the sources in place
	@swift format -i -r Sources Tests bench/Sources Package.swift

# What is installed, below PREFIX unless it begins with /.
UNITS := lbd.service lbd.socket lbd.target replicad@.service
PAGES := man1/lbctl.1 man5/lb.conf.5 man8/lbd.8 man8/replicad.8
COMPLETIONS := bash:share/bash-completion/completions/lbctl zsh:share/zsh/vendor-completions/_lbctl \
  fish:share/fish/vendor_completions.d/lbctl.fish
to := $(DESTDIR)$(PREFIX)
# Where a debugger looks for the symbols of a program in PREFIX/bin.
symbols := $(DESTDIR)/usr/lib/debug$(PREFIX)/bin

install: $(SHIPPED) ## install binaries, units, man pages and the conf; honours DESTDIR and PREFIX
	@install -Dm755 -t '$(to)/bin' $(SHIPPED)
	@install -Dm644 -t '$(to)/lib/systemd/system' $(addprefix deploy/systemd/,$(UNITS))
	@sed -i 's#/usr/bin/#$(PREFIX)/bin/#' '$(to)'/lib/systemd/system/*.service
	@install -Dm644 deploy/systemd/lbd.sysusers '$(to)/lib/sysusers.d/lbd.conf'
	@[ -e '$(DESTDIR)/etc/lbd/lb.conf' ] || install -Dm644 etc/lb.conf '$(DESTDIR)/etc/lbd/lb.conf'
	@for page in $(PAGES); do install -Dm644 /dev/null "$(to)/share/man/$$page"; \
	  $(BIN)/lbd --help-config | awk -f docs/man/keys.awk | docs/man/page.sh "$${page#*/}" \
	  >"$(to)/share/man/$$page" || exit 1; done
	@for pair in $(COMPLETIONS); do text=$$($(BIN)/lbctl completion "$${pair%%:*}") || exit 1; \
	  printf '%s\n' "$$text" | install -Dm644 /dev/stdin "$(to)/$${pair#*:}" || exit 1; done

install-symbols: $(SHIPPED) ## install what a debugger needs for the installed binaries
	@install -Dm644 -t '$(symbols)' $(addsuffix .debug,$(SHIPPED))

uninstall: ## remove what install put there, but the conf
	@rm -f $(foreach command,$(SHIPPED),'$(symbols)/$(notdir $(command)).debug')
	@cd '$(to)' && rm -f bin/lbd bin/lbctl bin/replicad $(addprefix lib/systemd/system/,$(UNITS)) \
	  lib/sysusers.d/lbd.conf $(addprefix share/man/,$(PAGES)) \
	  $(foreach pair,$(COMPLETIONS),$(lastword $(subst :, ,$(pair))))

dist: build ## Debian packages and tar.gz files of what install and install-symbols install, in dist/
	@deploy/dist.sh

test-man: build ## the man pages render without a warning; needs man
	@docs/man/test.sh

clean: ## stop all, remove what was built and run/
	@if [ -x $(BIN)/compose ]; then $(compose) down; fi
	@rm -rf .build .build-systemd dist run
