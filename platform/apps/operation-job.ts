import type { JobOptions } from '#runtime/server/jobs.ts'

/** The one job of this capability; its payload is the operation's id and nothing else. */
export const OPERATION_JOB = 'apps.operation'

/** Jobs of one app run one after the other, so that an operation is never carried out twice at a time. */
export const operationJobOptions = (operationId: string, appId: string): JobOptions => ({
  queue: `apps:${appId}`,
  key: `${OPERATION_JOB}:${operationId}`,
  maxAttempts: 25,
})
