export { removeHostGuard } from './apply-guard.ts'
export { guardLoop } from './loops.ts'
export { guardHandlers } from './routes.ts'
export { GUARD_TOLD, listBlocks, ORDERS_CHANGED } from './store.ts'
