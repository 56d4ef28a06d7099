/** What a server that gets requests counts; one that gets none counts 0. */
export const SERVING_WEIGHT = 100
