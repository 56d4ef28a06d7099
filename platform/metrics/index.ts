export { metricsJobs, scheduleRollUp } from './jobs.ts'
export { METRICS_STORED, recordFigures } from './record.ts'
export { makeMetricsHandlers } from './routes.ts'
export { forgetFigures } from './store.ts'
