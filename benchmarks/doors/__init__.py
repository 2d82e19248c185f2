"""Our denoisers in other programs, beside what those programs have otherwise."""
