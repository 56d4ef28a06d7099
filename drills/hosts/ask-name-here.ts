import { answersName } from '#runtime/drivers/name-lookup.ts'

/** A program that is run in a host: asks a name server there for a name, and ends well when it has an address. */
const [, , server = '', name = ''] = process.argv
if (!(await answersName(server, name))) process.exitCode = 1
