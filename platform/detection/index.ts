export { detectionChecks } from './evidence.ts'
export { correlate, incidentLoop } from './incidents.ts'
export { detectionHandlers } from './routes.ts'
export { INCIDENTS_CHANGED } from './store.ts'
