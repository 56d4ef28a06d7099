export { guardLoop, type TakeEvents } from './loops.ts'
export { guardTableOf, portTableOf } from './names.ts'
export { renderGuard } from './render-host.ts'
export { type BoundPort, renderPorts } from './render-ports.ts'
export { guardHandlers } from './routes.ts'
export {
  GUARD_TOLD,
  listBlocks,
  listEvents,
  listReports as listGuardReports,
  ORDERS_CHANGED,
} from './store.ts'
