/**
 * What a server that gets requests counts; one that gets none counts 0. HAProxy keeps 16 places of 56 bytes for each: with 128 of them
 * the shares of idle servers differ by about a tenth.
 */
export const SERVING_WEIGHT = 8
