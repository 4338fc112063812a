/* The physical limit: ask one thing of an IMAP server, and throw the answer away.
 *
 *     PASSWORD=... drain PORT USER COMMAND FOLDER...    →  seconds and bytes of the answers, login and EXAMINE left aside
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char block[1 << 18];

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static int fail(const char *why) {
    fprintf(stderr, "drain: %s\n", why);
    exit(1);
}

/* Sends a line under the tag "zz" and reads until the line that begins with it, which is the last. */
static long ask(int socket, const char *line) {
    long total = 0;
    size_t kept = 0;
    char tail[8192];
    dprintf(socket, "zz %s\r\n", line);
    for (;;) {
        ssize_t got = read(socket, block, sizeof block);
        if (got <= 0) fail("the connection ended");
        total += got;
        size_t use = got < 4096 ? got : 4096;
        if (kept > 4096) memmove(tail, tail + kept - 4096, 4096), kept = 4096;
        memcpy(tail + kept, block + got - use, use);
        kept += use;
        if (tail[kept - 1] != '\n') continue;
        size_t start = kept - 1;
        while (start > 0 && tail[start - 1] != '\n') start--;
        if (!strncmp(tail + start, "zz ", 3)) return strncmp(tail + start, "zz OK", 5) ? fail("refused"), 0 : total;
    }
}

int main(int count, char **words) {
    if (count < 5) return 2;
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int server = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(server, (struct sockaddr *)&there, sizeof there)) fail("no server");
    if (read(server, block, sizeof block) <= 0) fail("no greeting");
    char line[4096];
    snprintf(line, sizeof line, "LOGIN %s %s", words[2], getenv("PASSWORD"));
    ask(server, line);
    double seconds = 0;
    long bytes = 0;
    for (int n = 4; n < count; n++) {
        snprintf(line, sizeof line, "EXAMINE \"%s\"", words[n]);
        ask(server, line);
        double begun = now();
        bytes += ask(server, words[3]);
        seconds += now() - begun;
    }
    printf("%.6f %ld\n", seconds, bytes);
    return 0;
}
