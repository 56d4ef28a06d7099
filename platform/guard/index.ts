export { removeHostGuard } from './apply-guard.ts'
export { guardLoop } from './loops.ts'
export { guardHandlers } from './routes.ts'
export { listBlocks } from './store.ts'
