export { accountJobs, scheduleAccountSweep } from './jobs.ts'
export { FIRST_TEAM, principalOf, ROOT } from './principals.ts'
export { accountHandlers } from './routes.ts'
export { loadTeamNames } from './store.ts'
