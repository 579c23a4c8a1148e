/*
 * file.c - reading, mapping and replacing files.
 */
#include "core/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/random.h"

#define WRITE_BUFFER_BYTES 65536
#define LINKS_MAX 40 /* of symbolic links followed, as the kernel does */
#define TEMPORARY_ATTEMPTS 64
#define TEMPORARY_PREFIX ".sawb-"
#define TEMPORARY_SUFFIX ".tmp"

/* ---- errors ---------------------------------------------------------------------------------- */

static const char *advice(int number) {
    switch (number) {
    case ENOENT:
        return "check the path";
    case ENOTDIR:
        return "a part of the path is a file; check the path";
    case EACCES:
    case EPERM:
        return "check its permissions and those of its folder";
    case EROFS:
        return "choose a folder that can be written to";
    case ENOSPC:
    case EDQUOT:
        return "make room on the disk or choose another folder";
    case EFBIG:
        return "raise the limit of file sizes (`ulimit -f`)";
    case EISDIR:
        return "name a file inside it";
    case ENAMETOOLONG:
        return "choose a shorter name";
    case ELOOP:
        return "its symbolic links lead in a circle; remove one";
    case EMFILE:
    case ENFILE:
        return "close some files or raise `ulimit -n`";
    case ENOMEM:
        return "free some memory";
    default:
        return "check the disk and the path";
    }
}

static int file_fault(struct sawb_error *error, const char *path, const char *what, int number) {
    return error_set(error, "%s: %s: %s; %s", path, what, strerror(number), advice(number));
}

/* ---- reading --------------------------------------------------------------------------------- */

int file_map_open(struct file_map *map, const char *path, struct sawb_error *error) {
    *map = (struct file_map){0};
    int status = -1;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return file_fault(error, path, "cannot be opened", errno);

    struct stat properties;
    if (fstat(descriptor, &properties) < 0) {
        file_fault(error, path, "cannot be read", errno);
        goto done;
    }
    if (S_ISDIR(properties.st_mode)) {
        file_fault(error, path, "cannot be read", EISDIR);
        goto done;
    }
    if (!S_ISREG(properties.st_mode)) {
        error_set(error, "%s: is not a regular file and cannot be mapped; name a file on disk",
                  path);
        goto done;
    }
    if ((uintmax_t)properties.st_size > SIZE_MAX) {
        file_fault(error, path, "is too large to be mapped", ENOMEM);
        goto done;
    }
    if (properties.st_size > 0) {
        size_t size = (size_t)properties.st_size;
        void *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        if (data == MAP_FAILED) {
            file_fault(error, path, "cannot be mapped", errno);
            goto done;
        }
        *map = (struct file_map){.data = data, .size = size};
    }
    status = 0;
done:
    close(descriptor);
    return status;
}

void file_map_close(struct file_map *map) {
    if (map->data)
        munmap((void *)(uintptr_t)map->data, map->size);
    *map = (struct file_map){0};
}

void file_map_rest(const struct file_map *map) {
    if (map->data)
        madvise((void *)(uintptr_t)map->data, map->size,
                MADV_DONTNEED); /* else it stays, no more */
}

/* How much room to begin with: the size of a regular file, one byte over it to meet the end. */
static size_t first_capacity(int descriptor) {
    struct stat properties;
    if (fstat(descriptor, &properties) == 0 && S_ISREG(properties.st_mode) &&
        properties.st_size > 0 && (uintmax_t)properties.st_size < SIZE_MAX / 2)
        return (size_t)properties.st_size + 2;
    return 4096;
}

int file_read(char **text, size_t *size, const char *path, struct sawb_error *error) {
    *text = NULL;
    if (size)
        *size = 0;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return file_fault(error, path, "cannot be opened", errno);

    size_t capacity = first_capacity(descriptor);
    size_t used = 0;
    char *buffer = malloc(capacity);
    if (!buffer) {
        file_fault(error, path, "cannot be read", ENOMEM);
        goto fail;
    }
    for (;;) {
        if (capacity - used < 2) {
            char *larger = capacity > SIZE_MAX / 2 ? NULL : realloc(buffer, capacity * 2);
            if (!larger) {
                file_fault(error, path, "cannot be read", ENOMEM);
                goto fail;
            }
            buffer = larger;
            capacity *= 2;
        }
        ssize_t got = read(descriptor, buffer + used, capacity - used - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            file_fault(error, path, "cannot be read", errno);
            goto fail;
        }
        if (got == 0)
            break;
        used += (size_t)got;
    }
    close(descriptor);
    buffer[used] = '\0';
    *text = buffer;
    if (size)
        *size = used;
    return 0;

fail:
    close(descriptor);
    free(buffer);
    return -1;
}

/* ---- paths ----------------------------------------------------------------------------------- */

int file_exists(const char *path) {
    struct stat properties;
    return stat(path, &properties) == 0;
}

int file_is_directory(const char *path) {
    struct stat properties;
    return stat(path, &properties) == 0 && S_ISDIR(properties.st_mode);
}

char *file_join(const char *directory, const char *name) {
    size_t length = strlen(directory);
    const char *slash = length == 0 || directory[length - 1] == '/' ? "" : "/";
    char *path;
    return asprintf(&path, "%s%s%s", directory, slash, name) < 0 ? NULL : path;
}

/* The folder a path lies in, owned by the caller. */
static char *parent_of(const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* One level of mkdir; a folder that is there is fine. */
static int make_one_directory(const char *path, struct sawb_error *error) {
    if (mkdir(path, 0777) == 0)
        return 0;
    int number = errno;
    if (file_is_directory(path))
        return 0;
    if (number == EEXIST)
        return error_set(error, "%s: is a file, a folder is needed; choose another name", path);
    return file_fault(error, path, "the folder cannot be made", number);
}

int file_make_directory(const char *path, struct sawb_error *error) {
    if (path[0] == '\0')
        return error_set(error, "a folder's name is empty; give one");
    char *copy = strdup(path);
    if (!copy)
        return file_fault(error, path, "the folder cannot be made", ENOMEM);
    int status = 0;
    for (char *slash = strchr(copy + 1, '/'); slash && status == 0;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        status = make_one_directory(copy, error);
        *slash = '/';
    }
    if (status == 0)
        status = make_one_directory(copy, error);
    free(copy);
    if (status == 0 && access(path, W_OK | X_OK) < 0)
        status = file_fault(error, path, "the folder cannot be written to", errno);
    return status;
}

/* ---- replacing ------------------------------------------------------------------------------- */

/*
 * Follows symbolic links by name, so that the link stays and the file it names is replaced, also
 * one that does not exist yet. Owned by the caller; NULL with errno set.
 */
static char *follow_links(const char *path) {
    char *current = strdup(path);
    for (int links = 0; current; links++) {
        char target[4096];
        ssize_t length = readlink(current, target, sizeof(target) - 1);
        if (length < 0)
            return current; /* no link, or nothing there */
        if (links == LINKS_MAX || (size_t)length == sizeof(target) - 1) {
            free(current);
            errno = links == LINKS_MAX ? ELOOP : ENAMETOOLONG;
            return NULL;
        }
        target[length] = '\0';
        char *parent = target[0] == '/' ? strdup("") : parent_of(current);
        char *next = parent ? file_join(parent, target) : NULL;
        free(parent);
        free(current);
        current = next;
    }
    errno = ENOMEM;
    return NULL;
}

/* A name that depends on nothing that two threads or processes share; O_EXCL settles the rest. */
static char *temporary_name(const struct file_writer *writer, uint64_t attempt) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t key = random_key((uint64_t)now.tv_sec, (uint64_t)now.tv_nsec, (uint64_t)getpid(),
                              (uint64_t)(uintptr_t)writer);
    char name[64];
    snprintf(name, sizeof(name), TEMPORARY_PREFIX "%016llx" TEMPORARY_SUFFIX,
             (unsigned long long)random_bits(key, attempt));
    char *parent = parent_of(writer->path);
    char *path = parent ? file_join(parent, name) : NULL;
    free(parent);
    return path;
}

/* 0, or -1 with errno set. */
static int open_temporary(struct file_writer *writer) {
    for (uint64_t attempt = 0; attempt < TEMPORARY_ATTEMPTS; attempt++) {
        writer->temporary = temporary_name(writer, attempt);
        if (!writer->temporary) {
            errno = ENOMEM;
            return -1;
        }
        writer->descriptor =
            open(writer->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (writer->descriptor >= 0)
            return 0;
        int number = errno;
        free(writer->temporary); /* not ours: must not be removed on the way out */
        writer->temporary = NULL;
        errno = number;
        if (number != EEXIST)
            return -1;
    }
    return -1;
}

/* The new file gets the mode of the one it replaces, and its owner where that is allowed. */
static int take_over_mode(int descriptor, const struct stat *old) {
    struct stat fresh;
    if (fstat(descriptor, &fresh) < 0)
        return -1;
    if ((fresh.st_uid != old->st_uid || fresh.st_gid != old->st_gid) &&
        fchown(descriptor, old->st_uid, old->st_gid) < 0 && errno != EPERM)
        return -1;
    return fchmod(descriptor, old->st_mode & 0777);
}

int file_begin(struct file_writer *writer, const char *path, struct sawb_error *error) {
    static const char what[] = "cannot be written";
    *writer = (struct file_writer){.descriptor = -1};
    struct stat old;
    int exists = stat(path, &old) == 0;
    int special = exists && !S_ISREG(old.st_mode);
    if (path[0] == '\0' || (exists && S_ISDIR(old.st_mode)))
        return file_fault(error, path, what, exists ? EISDIR : ENOENT);
    /* Renaming over it would get around a file's own write protection. */
    if (exists && access(path, W_OK) < 0)
        return file_fault(error, path, what, errno);

    /* A device or a pipe cannot be replaced: it is written straight. */
    writer->path = special ? strdup(path) : follow_links(path);
    writer->buffer = malloc(WRITE_BUFFER_BYTES);
    if (!writer->path || !writer->buffer) {
        int number = errno;
        file_discard(writer);
        return file_fault(error, path, what, number);
    }
    int status = 0;
    if (special) {
        writer->descriptor = open(path, O_WRONLY | O_CLOEXEC);
        status = writer->descriptor < 0 ? -1 : 0;
    } else {
        status = open_temporary(writer);
        if (status == 0 && exists)
            status = take_over_mode(writer->descriptor, &old);
    }
    if (status < 0) {
        int number = errno;
        file_discard(writer);
        return file_fault(error, path, what, number);
    }
    return 0;
}

/* 0, or -1 with errno set. */
static int write_all(int descriptor, const unsigned char *data, size_t size) {
    while (size > 0) {
        ssize_t written = write(descriptor, data, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -1;
        data += written;
        size -= (size_t)written;
    }
    return 0;
}

static int flush_buffer(struct file_writer *writer) {
    size_t size = writer->buffered;
    writer->buffered = 0;
    return write_all(writer->descriptor, writer->buffer, size);
}

/* Names the fault, drops the writer; returns -1. */
static int writer_fail(struct file_writer *writer, const char *what, int number,
                       struct sawb_error *error) {
    file_fault(error, writer->path, what, number);
    file_discard(writer);
    return -1;
}

int file_write(struct file_writer *writer, const void *data, size_t size,
               struct sawb_error *error) {
    if (!writer->path)
        return error_set(error, "written to a file that is not open (an earlier write failed)");
    if (size == 0)
        return 0;
    int status = 0;
    if (size > WRITE_BUFFER_BYTES - writer->buffered)
        status = flush_buffer(writer);
    if (status == 0 && size >= WRITE_BUFFER_BYTES) {
        status = write_all(writer->descriptor, data, size);
    } else if (status == 0) {
        memcpy(writer->buffer + writer->buffered, data, size);
        writer->buffered += size;
    }
    return status < 0 ? writer_fail(writer, "cannot be written", errno, error) : 0;
}

/* Makes a rename durable. Folders that cannot be opened or synced (some network disks) are let be.
 */
static int sync_parent(const char *path) {
    char *parent = parent_of(path);
    if (!parent) {
        errno = ENOMEM;
        return -1;
    }
    int status = 0;
    int number = 0;
    int descriptor = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0) {
        if (fsync(descriptor) < 0 && errno != EINVAL && errno != ENOTSUP) {
            number = errno;
            status = -1;
        }
        close(descriptor);
    }
    free(parent);
    errno = number;
    return status;
}

int file_sync(struct file_writer *writer, struct sawb_error *error) {
    if (!writer->path)
        return error_set(error, "a file that is not open cannot be kept (an earlier write failed)");
    if (flush_buffer(writer) < 0)
        return writer_fail(writer, "cannot be written", errno, error);
    /* What a device or pipe holds cannot be synced; that is no failure. */
    if (fsync(writer->descriptor) < 0 && (writer->temporary || errno != EINVAL))
        return writer_fail(writer, "cannot be written to the disk", errno, error);
    return 0;
}

int file_commit(struct file_writer *writer, struct sawb_error *error) {
    if (file_sync(writer, error) < 0)
        return -1;
    int closed = close(writer->descriptor);
    writer->descriptor = -1;
    if (closed < 0 && errno != EINTR)
        return writer_fail(writer, "cannot be written", errno, error);
    if (writer->temporary) {
        if (rename(writer->temporary, writer->path) < 0)
            return writer_fail(writer, "cannot be replaced", errno, error);
        free(writer->temporary);
        writer->temporary = NULL;
        if (sync_parent(writer->path) < 0)
            return writer_fail(writer, "is written, but its folder cannot be synced", errno, error);
    }
    file_discard(writer);
    return 0;
}

void file_discard(struct file_writer *writer) {
    if (writer->path && writer->descriptor >= 0)
        close(writer->descriptor);
    if (writer->temporary) {
        unlink(writer->temporary);
        free(writer->temporary);
    }
    free(writer->path);
    free(writer->buffer);
    *writer = (struct file_writer){.descriptor = -1};
}

int file_replace(const char *path, const void *data, size_t size, struct sawb_error *error) {
    struct file_writer writer;
    if (file_begin(&writer, path, error) < 0 || file_write(&writer, data, size, error) < 0)
        return -1;
    return file_commit(&writer, error);
}

void file_remove_temporaries(const char *directory) {
    DIR *folder = opendir(directory);
    const struct dirent *entry;
    while (folder && (entry = readdir(folder)))
        if (fnmatch(TEMPORARY_PREFIX "????????????????" TEMPORARY_SUFFIX, entry->d_name, 0) == 0)
            unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder)
        closedir(folder);
}
