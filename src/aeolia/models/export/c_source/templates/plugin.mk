# make            the plug-in @PREFIX@.so, which needs ladspa.h (Debian: ladspa-sdk), and the example
# make example    @FILE@, which denoises raw samples from standard input; needs a C compiler alone
# make install    the plug-in to ~/.ladspa; or: make install LADSPA_DIR=/usr/local/lib/ladspa
#
# For this machine alone, and faster on most: make CFLAGS="-O3 -march=native"

CC ?= cc
CFLAGS ?= -O3
LADSPA_DIR ?= $(HOME)/.ladspa

.SUFFIXES: .c .o

# Loops become vector instructions where no sum changes. Never add -ffast-math: infinities mean
# something here.
OPTIONS = -std=c99 -Wall -Wextra -fno-math-errno -fno-trapping-math -fPIC -fvisibility=hidden
CORE = @FILE@.o @FILE@_weights.o

all: example @PREFIX@.so
example: @FILE@

@PREFIX@.so: @FILE@_ladspa.o $(CORE)
	$(CC) $(CFLAGS) $(LDFLAGS) -shared -o $@ @FILE@_ladspa.o $(CORE) -lm

@FILE@: example.o $(CORE)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ example.o $(CORE) -lm

@FILE@.o example.o: @FILE@.h

.c.o:
	$(CC) $(CPPFLAGS) $(CFLAGS) $(OPTIONS) -c -o $@ $<

@FILE@_ladspa.o: @FILE@_ladspa.c @FILE@.h
	@echo '#include <ladspa.h>' | $(CC) $(CPPFLAGS) -E - >/dev/null 2>&1 || { \
	    echo 'ladspa.h is not here; install it: sudo apt-get install ladspa-sdk' \
	         '(Fedora: ladspa-devel), or make the example alone: make example' >&2; exit 1; }
	$(CC) $(CPPFLAGS) $(CFLAGS) $(OPTIONS) -c -o $@ @FILE@_ladspa.c

install: @PREFIX@.so
	mkdir -p '$(DESTDIR)$(LADSPA_DIR)'
	cp @PREFIX@.so '$(DESTDIR)$(LADSPA_DIR)/'

uninstall:
	rm -f '$(DESTDIR)$(LADSPA_DIR)/@PREFIX@.so'

clean:
	rm -f *.o @FILE@ @PREFIX@.so

.PHONY: all example install uninstall clean
