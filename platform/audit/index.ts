export { auditJobs, scheduleAuditForgetting } from './jobs.ts'
export { makeAuditLog, recordOwnAct } from './log.ts'
export { makeAuditHandlers, meaningsOf } from './routes.ts'
export { AUDIT_CHANGED } from './store.ts'
