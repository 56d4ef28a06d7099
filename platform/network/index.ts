export { type HostRules, makeHostRules, removeHostRules } from './apply-host-rules.ts'
