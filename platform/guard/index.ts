export { removeHostGuard } from './apply-guard.ts'
export { guardLoop, type TakeEvents } from './loops.ts'
export { guardHandlers } from './routes.ts'
export { listEvents } from './store.ts'
