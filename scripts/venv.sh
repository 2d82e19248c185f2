# Sourced by scripts/demo and scripts/test: one virtual environment, .venv, made when absent and
# reused while what it was made from (pyproject.toml, constraints.txt) has not changed.
#
# The package is installed editable, so a changed source file needs no new installation.

venv=.venv

say() { printf '%s\n' "$*" >&2; }

die() {
    say "$@"
    exit 2
}

# Python 3.10 or newer: $PYTHON when set, else the first that fits of python3 and its versioned names.
find_python() {
    local candidate
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.10 python}; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    local found
    found=$("${PYTHON:-python3}" --version 2>&1) || found="no ${PYTHON:-python3}"
    die "Aeolia needs Python 3.10 or newer; found ${found}." \
        "Install a newer one, or name it: PYTHON=/path/to/python3.12 $0"
}

as_root_on_debian() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null
}

apt_install() {
    say "Installing Debian packages: $*"
    apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null
}

make_venv() {
    local python
    python=$(find_python)
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        # Debian and Ubuntu keep these two modules in a package of their own.
        as_root_on_debian && apt_install python3-venv ||
            die "$python lacks the modules venv and ensurepip." \
                "On Debian or Ubuntu: sudo apt-get install python3-venv"
    fi
    say "Making $venv with $("$python" --version)"
    "$python" -m venv --clear "$venv"
}

venv_works() {
    "$venv/bin/python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null
}

# What an installation depends on: the two files, the interpreter, and the path of the checkout.
fingerprint() {
    { cat pyproject.toml constraints.txt; "$venv/bin/python" --version; pwd; } | cksum
}

is_installed() { # is_installed KIND
    [ "$(cat "$venv/.aeolia-$1" 2>/dev/null)" = "$(fingerprint)" ]
}

mark_installed() { # mark_installed KIND
    fingerprint >"$venv/.aeolia-$1"
}

pip_install() {
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --prefer-binary "$@"
}
