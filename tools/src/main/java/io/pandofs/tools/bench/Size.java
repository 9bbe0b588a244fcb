package io.pandofs.tools.bench;

/**
 * How much is done.
 *
 * @param mebibytes of the big file, 1 or more
 * @param files small files of each row, 1 or more
 * @param threads of the rows of many, 1 or more
 * @param millis for how long rows go on that count operations
 */
public record Size(int mebibytes, int files, int threads, long millis) {}
