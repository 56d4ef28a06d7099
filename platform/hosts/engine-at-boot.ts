/** Starts the container engine as `maru up` does: for the boot of a machine without an init system that would. */
import { join } from 'node:path'
import { startEngine } from './engine.ts'

await startEngine(join(import.meta.dirname, '../..'), '/var/log/maru-engine.log')
