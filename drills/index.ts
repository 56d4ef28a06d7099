export { report } from './command-report.ts'
export { listDrills, runDrills } from './command-run.ts'
export { carryOutInLab } from './hosts/pair-drill.ts'
export { runForAgent } from './run-for-agent.ts'
