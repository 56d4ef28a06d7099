export { runDestroy } from './command-actions.ts'
export { convergeContainers, convergePlatform, WORKLOAD_COMPONENTS } from './converge.ts'
export { supervisorPid } from './engine.ts'
