export { guardLoop, type TakeEvents } from './loops.ts'
export { guardHandlers } from './routes.ts'
export {
  GUARD_TOLD,
  listBlocks,
  listEvents,
  listReports as listGuardReports,
  ORDERS_CHANGED,
} from './store.ts'
