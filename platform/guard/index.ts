export { guardLoop, type TakeEvents } from './loops.ts'
export { guardTableOf } from './names.ts'
export { renderGuard } from './render-host.ts'
export { guardHandlers } from './routes.ts'
export {
  GUARD_TOLD,
  listBlocks,
  listEvents,
  listReports as listGuardReports,
  ORDERS_CHANGED,
} from './store.ts'
