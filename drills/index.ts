export { carryOut, listDrills } from './command-actions.ts'
