export { removeHostGuard } from './apply-guard.ts'
export { guardLoop, type TakeEvents } from './loops.ts'
export { guardHandlers } from './routes.ts'
export { listEvents, listReports as listGuardReports } from './store.ts'
