/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names, owners, locks and sockets of the bridge. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/bridge/bridge-os.h"

#define SIZE 65536u

static char name[PBR_NAME_MAX];
static char folder[64];

static int setup(void **state)
{
    (void)state;
    snprintf(name, sizeof(name), "/periph-test-%d", (int)getpid());
    strcpy(folder, "/tmp/periph-test-XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    return setenv("XDG_RUNTIME_DIR", folder, 1);
}

static int teardown(void **state)
{
    char path[200];

    (void)state;
    shm_unlink(name);
    snprintf(path, sizeof(path), "%s/periph-%u", folder,
             (unsigned)geteuid());
    rmdir(path);
    return rmdir(folder);
}

static bool exists(void)
{
    int fd = shm_open(name, O_RDONLY, 0);

    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

static void names(void **state)
{
    char out[PBR_NAME_MAX];
    char longest[PBR_NAME_MAX];

    (void)state;
    assert_int_equal(pbr_shm_name("a.B_9-", out), PBR_OK);
    assert_string_equal(out, "/a.B_9-");
    assert_int_equal(pbr_shm_name("/a", out), PBR_OK);
    assert_string_equal(out, "/a");
    assert_int_equal(pbr_shm_name("", out), PBR_ERR_NAME);
    assert_int_equal(pbr_shm_name("/", out), PBR_ERR_NAME);
    assert_int_equal(pbr_shm_name("a/b", out), PBR_ERR_NAME);
    assert_int_equal(pbr_shm_name("..", out), PBR_ERR_NAME);
    assert_int_equal(pbr_shm_name("a b", out), PBR_ERR_NAME);
    memset(longest, 'x', sizeof(longest));
    longest[62] = '\0';
    assert_int_equal(pbr_shm_name(longest, out), PBR_OK);
    longest[62] = 'x';
    longest[63] = '\0';
    assert_int_equal(pbr_shm_name(longest, out), PBR_ERR_NAME);
}

static void create_attach_and_unlink(void **state)
{
    struct pbr_shm a, b;
    struct stat st;

    (void)state;
    assert_int_equal(pbr_shm_attach(&b, name, SIZE, true), PBR_ERR_EMPTY);
    assert_int_equal(pbr_shm_create(&a, name, SIZE), PBR_OK);
    assert_int_equal(fstat(a.fd, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(pbr_shm_attach(&b, name, SIZE + 1, true), PBR_ERR_SIZE);
    assert_int_equal(pbr_shm_attach(&b, name, SIZE, true), PBR_OK);
    ((char *)a.mem)[SIZE - 1] = 'x';
    assert_int_equal(((char *)b.mem)[SIZE - 1], 'x');
    assert_false(pbr_shm_replaced(&b));
    pbr_shm_close(&b);
    assert_true(exists());
    pbr_shm_close(&a);
    assert_false(exists());
    pbr_shm_close(&a);
}

static void second_user_is_told(void **state)
{
    struct pbr_shm a, b;
    pid_t pid;
    int status;

    (void)state;
    assert_int_equal(pbr_shm_create(&a, name, SIZE), PBR_OK);
    assert_int_equal(pbr_shm_create(&b, name, SIZE), PBR_ERR_IN_USE);
    assert_null(b.mem);
    pid = fork();
    if (pid == 0) {
        _exit(pbr_shm_create(&b, name, SIZE) == PBR_ERR_IN_USE ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_true(exists());
    pbr_shm_close(&a);
}

static void left_over_is_replaced(void **state)
{
    struct pbr_shm a, b, old;
    pid_t pid;
    int status;

    (void)state;
    pid = fork();
    if (pid == 0) {
        if (pbr_shm_create(&a, name, SIZE) == PBR_OK) {
            memset(a.mem, 0xee, SIZE);
            kill(getpid(), SIGKILL);
        }
        _exit(1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_true(exists());
    assert_int_equal(pbr_shm_attach(&old, name, SIZE, false), PBR_OK);
    assert_int_equal(pbr_shm_create(&b, name, SIZE * 2), PBR_OK);
    assert_int_equal(((uint8_t *)b.mem)[0], 0);
    assert_true(pbr_shm_replaced(&old));
    pbr_shm_close(&old);
    pbr_shm_close(&b);
}

static void open_to_others_is_refused(void **state)
{
    struct pbr_shm a, b;

    (void)state;
    assert_int_equal(pbr_shm_create(&a, name, SIZE), PBR_OK);
    assert_int_equal(fchmod(a.fd, 0640), 0);
    assert_int_equal(pbr_shm_attach(&b, name, SIZE, true), PBR_ERR_OWNER);
    assert_int_equal(fchmod(a.fd, 0600), 0);
    if (geteuid() == 0) {
        assert_int_equal(fchown(a.fd, 12345, 12345), 0);
        assert_int_equal(pbr_shm_attach(&b, name, SIZE, true),
                         PBR_ERR_OWNER);
        assert_int_equal(pbr_shm_create(&b, name, SIZE), PBR_ERR_OWNER);
    }
    pbr_shm_close(&a);
}

#define CREATORS 8

/* Waits for the gate, tries once; who wins holds on until told to end. */
static void creator(int gate, int hold)
{
    struct pbr_shm shm;
    char c;

    if (read(gate, &c, 1) != 0) {
        _exit(2);
    }
    if (pbr_shm_create(&shm, name, SIZE) == PBR_OK) {
        if (read(hold, &c, 1) != 0) {
            _exit(2);
        }
        _exit(0);                       /* leaves it behind */
    }
    _exit(1);
}

/* Many creators at once: exactly one wins, also over a left-over. */
static void creators_race(void **state)
{
    int round, i, status, losers;
    int gate[2], hold[2];
    pid_t pid;

    (void)state;
    alarm(60);                          /* two winners would wait for ever */
    for (round = 0; round < 20; round++) {
        assert_int_equal(pipe(gate), 0);
        assert_int_equal(pipe(hold), 0);
        for (i = 0; i < CREATORS; i++) {
            pid = fork();
            if (pid == 0) {
                close(gate[1]);
                close(hold[1]);
                creator(gate[0], hold[0]);
            }
        }
        close(gate[0]);
        close(gate[1]);
        losers = 0;
        for (i = 0; i < CREATORS - 1; i++) {
            assert_true(waitpid(-1, &status, 0) > 0);
            losers += WIFEXITED(status) && WEXITSTATUS(status) == 1;
        }
        assert_int_equal(losers, CREATORS - 1);
        close(hold[0]);
        close(hold[1]);
        assert_true(waitpid(-1, &status, 0) > 0);
        assert_int_equal(status, 0);
    }
    alarm(0);
}

static void doorbell(void **state)
{
    struct pbr_stream stream;
    struct pbr_frame frame;
    char path[PBR_SOCKET_MAX];
    struct stat st;
    int l, c, s, i;

    (void)state;
    assert_int_equal(pbr_connect(name, &c), PBR_ERR_EMPTY);
    assert_int_equal(pbr_listen(name, &l), PBR_OK);
    assert_int_equal(pbr_socket_path(name, path), PBR_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(pbr_accept(l, &s), PBR_ERR_AGAIN);
    assert_int_equal(pbr_connect(name, &c), PBR_OK);
    assert_int_equal(pbr_accept(l, &s), PBR_OK);
    pbr_stream_init(&stream);
    assert_int_equal(pbr_recv(s, &stream), PBR_ERR_AGAIN);
    for (i = 0; i < 200; i++) {
        assert_int_equal(pbr_send(c, PBR_F_BEAT, 1, (uint64_t)i, 3), PBR_OK);
    }
    i = 0;
    while (pbr_recv(s, &stream) == PBR_OK) {
        while (pbr_stream_get(&stream, &frame) == 1) {
            assert_int_equal(frame.type, PBR_F_BEAT);
            assert_int_equal(frame.seq, i);
            i++;
        }
    }
    assert_int_equal(i, 200);
    close(c);
    assert_int_equal(pbr_recv(s, &stream), PBR_ERR_CLOSED);
    assert_int_equal(pbr_send(s, PBR_F_BEAT, 0, 0, 0), PBR_ERR_CLOSED);
    close(s);
    pbr_listen_close(name, &l);
    assert_int_equal(stat(path, &st), -1);
}

/* A peer that reads nothing must not stop the sender. */
static void full_socket_does_not_block(void **state)
{
    int l, c, s, i, ret = PBR_OK;

    (void)state;
    assert_int_equal(pbr_listen(name, &l), PBR_OK);
    assert_int_equal(pbr_connect(name, &c), PBR_OK);
    assert_int_equal(pbr_accept(l, &s), PBR_OK);
    for (i = 0; i < 10000000 && ret == PBR_OK; i++) {
        ret = pbr_send(s, PBR_F_EVENT, 0, 0, 0);
    }
    assert_int_equal(ret, PBR_ERR_CLOSED);
    close(c);
    close(s);
    pbr_listen_close(name, &l);
}

static void stale_socket_is_replaced(void **state)
{
    int l, l2, c;

    (void)state;
    assert_int_equal(pbr_listen(name, &l), PBR_OK);
    close(l);                           /* as a killed process would */
    assert_int_equal(pbr_connect(name, &c), PBR_ERR_EMPTY);
    assert_int_equal(pbr_listen(name, &l2), PBR_OK);
    assert_int_equal(pbr_connect(name, &c), PBR_OK);
    close(c);
    pbr_listen_close(name, &l2);
}

static void folder_of_others_is_refused(void **state)
{
    char path[200];
    int l, c;

    (void)state;
    snprintf(path, sizeof(path), "%s/periph-%u", folder,
             (unsigned)geteuid());
    mkdir(path, 0700);
    assert_int_equal(chmod(path, 0750), 0);
    assert_int_equal(pbr_listen(name, &l), PBR_ERR_OWNER);
    assert_int_equal(pbr_connect(name, &c), PBR_ERR_OWNER);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(symlink("/tmp", path), 0);
    assert_int_equal(pbr_listen(name, &l), PBR_ERR_OWNER);
    assert_int_equal(unlink(path), 0);
}

static void socket_paths(void **state)
{
    char path[PBR_SOCKET_MAX];
    char deep[200];

    (void)state;
    memset(deep, 'd', sizeof(deep));
    deep[0] = '/';
    deep[sizeof(deep) - 1] = '\0';
    setenv("XDG_RUNTIME_DIR", deep, 1);
    assert_int_equal(pbr_socket_path("a", path), PBR_ERR_NAME);
    setenv("XDG_RUNTIME_DIR", "relative", 1);
    assert_int_equal(pbr_socket_path("a", path), PBR_OK);
    assert_memory_equal(path, "/tmp/periph-", 12);
    setenv("XDG_RUNTIME_DIR", folder, 1);
}

static void generations_differ(void **state)
{
    (void)state;
    assert_true(pbr_generation_new() != 0);
    assert_true(pbr_generation_new() != pbr_generation_new());
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(create_attach_and_unlink),
        cmocka_unit_test(second_user_is_told),
        cmocka_unit_test(left_over_is_replaced),
        cmocka_unit_test(open_to_others_is_refused),
        cmocka_unit_test(creators_race),
        cmocka_unit_test(doorbell),
        cmocka_unit_test(full_socket_does_not_block),
        cmocka_unit_test(stale_socket_is_replaced),
        cmocka_unit_test(folder_of_others_is_refused),
        cmocka_unit_test(socket_paths),
        cmocka_unit_test(generations_differ),
    };

    return cmocka_run_group_tests(tests, setup, teardown) == 0 ? 0 : 1;
}
