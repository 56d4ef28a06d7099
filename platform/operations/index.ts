export { APP_CHANGED, type AppChange, announceApp } from './announce.ts'
export { addEvents } from './event-store.ts'
export { followEvents } from './events.ts'
export { operationJobs, scheduleForgetting } from './jobs.ts'
export { LOG_LIMITS, type LogLines, openLogLines } from './log-lines.ts'
export { beginStep, beginUndo, finishOperation, moveTo } from './progress-store.ts'
export { operationHandlers } from './routes.ts'
export {
  activeOperation,
  cancelOperation,
  checkFree,
  findProgress,
  findRepeated,
  getOperation,
  insertOperation,
  latestOperations,
  listOperations,
  type NewOperation,
  PLATFORM,
  teamOfOperation,
  unfinishedOperations,
} from './store.ts'
export type { Progress } from './tables.ts'
