#!/bin/sh
# Proves the layers: tui -> viz -> core, curses in one file, readline in one folder, core silent and without exits.
set -u
status=0

# refuse TEXT PATTERN FILES...: no line of the files may match.
refuse() {
    text=$1 pattern=$2
    shift 2
    if grep -nE "$pattern" "$@"; then
        echo "error: $text" >&2
        status=1
    fi
}

core=$(find core -name '*.[ch]')
viz=$(find viz -name '*.[ch]')
not_term=$(find core viz tui tests -name '*.[ch]' ! -path tui/screen/term.c)
not_console=$(find core viz tui tests -name '*.[ch]' ! -path 'tui/console/*')
not_ranks=$(find core viz tui tests -name '*.[ch]' ! -path core/base/ranks.c)
not_kernel=$(find core viz tui -name '*.[ch]' ! -path 'core/kernel/*')

# shellcheck disable=SC2086 # lists of files without blanks
{
    refuse "core includes neither viz nor tui" '#include *"(viz|tui)/' $core
    refuse "viz includes only core" '#include *"tui/' $viz
    refuse "curses belongs to tui/screen/term.c" '#include *<(n?curses|ncursesw/|term)' $not_term
    refuse "readline belongs to tui/console" '#include *<readline/' $not_console
    refuse "MPI belongs to core/base/ranks.c" '#include *<(mpi|mpi-ext)\.h>' $not_ranks
    refuse "core never prints, exits or aborts" \
        '(^|[^a-zA-Z0-9_.>])(exit|_exit|abort|printf|fprintf|vprintf|vfprintf|puts|fputs|putchar|perror)\(' $core
    refuse "only core/kernel names a CPU" '__x86_64__|__aarch64__|__AVX|immintrin|arm_neon|_mm[0-9]*_' $not_kernel
    refuse "core has no mutable globals" '^(static )?(int|long|char|float|double|size_t|atomic_[a-z]+|struct [a-z_]+|uint[0-9]+_t) \*?[a-z_]+(\[[^]]*\])?( = .*)?;$' $core
}
[ $status -eq 0 ] && echo "layers: ok"
exit $status
