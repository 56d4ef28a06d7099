/** Limits at the door, for every app alike. */
export const EDGE_LIMITS = {
  bodyBytes: 512 * 1024 * 1024,
  headerBytes: 24 * 1024,
  connectionsPerSource: 1000,
  /** New ones within ten seconds: each costs a handshake. */
  newConnectionsPerSource: 5000,
  /** Requests within ten seconds. */
  requestsPerSource: 30_000,
  /** Requests within ten seconds that were begun and never ended; from then on people are told. */
  unendedPerSource: 50,
  requestTimeoutS: 5,
  idleTimeoutS: 60,
  answerTimeoutS: 120,
  tunnelTimeoutS: 3600,
} as const
