export { type AddressKeeper, giveUp, hasGivenUp, writeAddress } from './apply.ts'
export { ADDRESS_COMPONENT } from './layout.ts'
export { type AddressDuty, planAddress } from './plan.ts'
export { NO_STRAYS, renderForLeaving, renderForPeers, type StrayTables, strayTableOf } from './strays.ts'
