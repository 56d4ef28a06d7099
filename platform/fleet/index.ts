export { makeAgents } from './agents.ts'
export { registerFirstHost } from './loops.ts'
export { findHost, HOSTS_CHANGED, listHosts, noteReport, SILENT_S } from './store.ts'
