/*
 * ranks.c - Open MPI, found at run time; the only file that knows it.
 *
 * libmpi is not linked but loaded, since it and what it needs take two milliseconds to load, of the
 * eleven in which the screen is up.
 */
#include "core/base/ranks.h"

#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MOST_AT_ONCE ((size_t)1 << 17) /* floats of one sum, which then stay in the caches */

/* ---- what mpirun says in the environment ----------------------------------------------------- */

static int number_in(const char *name, int otherwise) {
    const char *text = getenv(name);
    char *end;
    long value = text ? strtol(text, &end, 10) : -1;
    return text && end != text && *end == '\0' && value >= 0 && value <= INT_MAX ? (int)value
                                                                                 : otherwise;
}

int ranks_asked(void) {
    int count = number_in("OMPI_COMM_WORLD_SIZE", 1);
    return count > 1 ? count : 1;
}

int ranks_number(void) {
    return number_in("OMPI_COMM_WORLD_RANK", 0);
}

int ranks_number_here(void) {
    return number_in("OMPI_COMM_WORLD_LOCAL_RANK", 0);
}

int ranks_threads(void) {
    cpu_set_t allowed;
    int local = number_in("OMPI_COMM_WORLD_LOCAL_SIZE", 1);
    if (ranks_asked() == 1 || local < 1 || sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
        return 0;
    /* mpirun may have bound each rank to processors of its own already. */
    int own = CPU_COUNT(&allowed), all = own;
    if (number_in("OMPI_MCA_orte_bound_at_launch", 0) || getenv("PRTE_MCA_prte_bound_at_launch"))
        all = (int)sysconf(_SC_NPROCESSORS_ONLN);
    int share = all / local < own ? all / local : own;
    return share > 1 ? share : 1;
}

struct ranks {
    int index, count;
    int spoken; /* a call that all ranks make was made */
    int ending;
    char machine[256];
    struct mpi *mpi;
};

enum reduction { SUM_OF_FLOATS, SUM_OF_DOUBLES, LARGEST_INT };

/* ---- Open MPI's library ---------------------------------------------------------------------- */

#if defined(SAWB_MPI)

#include <dlfcn.h>
#include <mpi.h>

#define LIBRARY "libmpi.so.40" /* of Open MPI 3, 4 and 5 */

/* The functions that are used: the field, and what the library calls it. */
#define MPI_FUNCTIONS(X)                                                                           \
    X(init, MPI_Init_thread)                                                                       \
    X(finalize, MPI_Finalize)                                                                      \
    X(end_all, MPI_Abort)                                                                          \
    X(rank, MPI_Comm_rank)                                                                         \
    X(size, MPI_Comm_size)                                                                         \
    X(name, MPI_Get_processor_name)                                                                \
    X(reduce, MPI_Allreduce)                                                                       \
    X(broadcast, MPI_Bcast)                                                                        \
    X(meet, MPI_Ibarrier)                                                                          \
    X(test, MPI_Test)

/* Open MPI's constants are addresses of objects: the field, its type, the object. */
#define MPI_OBJECTS(X)                                                                             \
    X(world, MPI_Comm, ompi_mpi_comm_world)                                                        \
    X(floats, MPI_Datatype, ompi_mpi_float)                                                        \
    X(doubles, MPI_Datatype, ompi_mpi_double)                                                      \
    X(ints, MPI_Datatype, ompi_mpi_int)                                                            \
    X(bytes, MPI_Datatype, ompi_mpi_byte)                                                          \
    X(sum, MPI_Op, ompi_mpi_op_sum)                                                                \
    X(largest, MPI_Op, ompi_mpi_op_max)

#define FUNCTION_FIELD(field, function) __typeof__(function) *field;
#define OBJECT_FIELD(field, type, object) type field;

struct mpi {
    MPI_FUNCTIONS(FUNCTION_FIELD)
    MPI_OBJECTS(OBJECT_FIELD)
};

static int find(void *library, void *pointer, const char *name, struct sawb_error *error) {
    void *found = dlsym(library, name);
    if (!found)
        return error_set(error, "mpi: %s has no %s; it is not Open MPI's", LIBRARY, name);
    memcpy(pointer, &found, sizeof(found));
    return 0;
}

/* The library stays until the process ends, as its threads may. */
static int load(struct mpi *mpi, struct sawb_error *error) {
    /* Global, as Open MPI's plug-ins look for symbols of the library. */
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_GLOBAL);
    if (!library)
        return error_set(error, "mpi: %s; install openmpi-bin on every machine", dlerror());
#define FIND_FUNCTION(field, function)                                                             \
    if (find(library, &mpi->field, #function, error) < 0)                                          \
        return -1;
#define FIND_OBJECT(field, type, object)                                                           \
    if (find(library, &mpi->field, #object, error) < 0)                                            \
        return -1;
    MPI_FUNCTIONS(FIND_FUNCTION)
    MPI_OBJECTS(FIND_OBJECT)
    return 0;
}

static int mpi_open(struct ranks *ranks, struct sawb_error *error) {
    _Static_assert(sizeof(ranks->machine) >= MPI_MAX_PROCESSOR_NAME, "room for a name");
    int given = MPI_THREAD_SINGLE, length;
    struct mpi *mpi = ranks->mpi = calloc(1, sizeof(*mpi));
    if (!mpi)
        return error_set(error, "mpi: out of memory");
    if (load(mpi, error) < 0)
        return -1;
    /* Opened by the program's first thread, used by the one that trains. */
    if (mpi->init(NULL, NULL, MPI_THREAD_SERIALIZED, &given) != MPI_SUCCESS ||
        given < MPI_THREAD_SERIALIZED)
        return error_set(error, "mpi: this Open MPI does not work with threads");
    mpi->rank(mpi->world, &ranks->index);
    mpi->size(mpi->world, &ranks->count);
    mpi->name(ranks->machine, &length);
    return 0;
}

static void mpi_close(struct ranks *ranks) {
    ranks->mpi->finalize();
}

static void mpi_end_all(struct ranks *ranks) {
    ranks->mpi->end_all(ranks->mpi->world, 1);
}

/* An error of MPI itself ends all ranks (MPI_ERRORS_ARE_FATAL), so none is looked for. */
static void mpi_reduce(struct ranks *ranks, void *values, int count, enum reduction kind) {
    const struct mpi *mpi = ranks->mpi;
    MPI_Datatype type = kind == SUM_OF_FLOATS    ? mpi->floats
                        : kind == SUM_OF_DOUBLES ? mpi->doubles
                                                 : mpi->ints;
    mpi->reduce(MPI_IN_PLACE, values, count, type, kind == LARGEST_INT ? mpi->largest : mpi->sum,
                mpi->world);
}

static void mpi_broadcast(struct ranks *ranks, void *bytes, int size, int from) {
    ranks->mpi->broadcast(bytes, size, ranks->mpi->bytes, from, ranks->mpi->world);
}

static void mpi_meet(struct ranks *ranks) {
    const struct timespec pause = {.tv_nsec = 10000000};
    MPI_Request request;
    int met = 0;
    ranks->mpi->meet(ranks->mpi->world, &request);
    while (ranks->mpi->test(&request, &met, MPI_STATUS_IGNORE) == MPI_SUCCESS && !met)
        nanosleep(&pause, NULL);
}

#else

static int mpi_open(struct ranks *ranks, struct sawb_error *error) {
    (void)ranks;
    return error_set(error,
                     "mpi: mpirun started %d processes, but this sawb was built without Open MPI; "
                     "install libopenmpi-dev and openmpi-bin, then `make clean all`",
                     ranks_asked());
}

/* As nothing opens, none of these is called. */
static void mpi_close(struct ranks *ranks) {
    (void)ranks;
}

static void mpi_end_all(struct ranks *ranks) {
    (void)ranks;
}

static void mpi_reduce(struct ranks *ranks, void *values, int count, enum reduction kind) {
    (void)ranks, (void)values, (void)count, (void)kind;
}

static void mpi_broadcast(struct ranks *ranks, void *bytes, int size, int from) {
    (void)ranks, (void)bytes, (void)size, (void)from;
}

static void mpi_meet(struct ranks *ranks) {
    (void)ranks;
}

#endif

/* ---- opening and closing --------------------------------------------------------------------- */

static void ranks_free(struct ranks *ranks) {
    free(ranks->mpi);
    free(ranks);
}

int ranks_open(struct ranks **opened, struct sawb_error *error) {
    struct ranks *ranks = calloc(1, sizeof(*ranks));
    *opened = NULL;
    if (!ranks)
        return error_set(error, "mpi: out of memory");
    if (mpi_open(ranks, error) < 0) {
        ranks_free(ranks);
        return -1;
    }
    *opened = ranks;
    return 0;
}

void ranks_close(struct ranks *ranks, int failed) {
    if (!ranks)
        return;
    if (failed && !ranks->ending)
        mpi_end_all(ranks);
    mpi_close(ranks);
    ranks_free(ranks);
}

int ranks_count(const struct ranks *ranks) {
    return ranks ? ranks->count : 1;
}

int ranks_index(const struct ranks *ranks) {
    return ranks ? ranks->index : 0;
}

int ranks_ending(const struct ranks *ranks) {
    return ranks && ranks->ending;
}

int ranks_silent(const struct ranks *ranks) {
    return ranks && !ranks->spoken;
}

/* ---- together -------------------------------------------------------------------------------- */

static void reduce(struct ranks *ranks, void *values, int count, enum reduction kind) {
    ranks->spoken = 1;
    mpi_reduce(ranks, values, count, kind);
}

void ranks_sum(struct ranks *ranks, double *values, int count) {
    if (ranks)
        reduce(ranks, values, count, SUM_OF_DOUBLES);
}

void ranks_sum_floats(struct ranks *ranks, float *values, size_t count) {
    for (size_t at = 0; ranks && at < count; at += MOST_AT_ONCE) {
        size_t part = count - at < MOST_AT_ONCE ? count - at : MOST_AT_ONCE;
        reduce(ranks, values + at, (int)part, SUM_OF_FLOATS);
    }
}

static int largest(struct ranks *ranks, int value) {
    reduce(ranks, &value, 1, LARGEST_INT);
    return value;
}

int ranks_stop(struct ranks *ranks, int wanted) {
    if (!ranks)
        return wanted;
    int stop = largest(ranks, wanted);
    ranks->ending |= stop;
    return stop;
}

void ranks_meet(struct ranks *ranks) {
    if (!ranks)
        return;
    ranks->spoken = 1;
    mpi_meet(ranks);
}

static void broadcast(struct ranks *ranks, void *bytes, int size, int from) {
    ranks->spoken = 1;
    mpi_broadcast(ranks, bytes, size, from);
}

void ranks_share(struct ranks *ranks, void *bytes, int size) {
    if (ranks)
        broadcast(ranks, bytes, size, 0);
}

int ranks_compare(struct ranks *ranks, const uint64_t *own, int count, int status,
                  const char *difference, struct sawb_error *error) {
    uint64_t first[RANKS_NUMBERS];
    size_t size = (size_t)count * sizeof(*own);
    memcpy(first, own, size);
    ranks_share(ranks, first, (int)size);
    if (status == 0 && memcmp(first, own, size) != 0)
        status = error_set(error, "%s", difference);
    return ranks_agree(ranks, status, error);
}

int ranks_agree(struct ranks *ranks, int status, struct sawb_error *error) {
    if (!ranks)
        return status;
    /* The first that failed has the largest number here; 0: none. */
    int first = largest(ranks, status < 0 ? ranks->count - ranks->index : 0);
    if (first == 0)
        return status;
    struct sawb_error told = {0};
    int from = ranks->count - first;
    if (from == ranks->index) {
        told = *error;
        error_prefix(&told, "rank %d on %s", ranks->index, ranks->machine);
    }
    broadcast(ranks, &told, (int)sizeof(told), from);
    *error = told;
    ranks->ending = 1;
    return -1;
}
