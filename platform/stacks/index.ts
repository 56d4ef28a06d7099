export { STACK_CHECKS } from './evidence.ts'
export { stackJobs, stackLoop } from './jobs.ts'
export { stackHandlers } from './routes.ts'
