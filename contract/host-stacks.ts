import { z } from 'zod'
import { AppId, AppName, Instant } from './ids.ts'

/** A slug that is already there, or that an image on the host holds, is put on the newest stack. */
export const RestackRequest = z.strictObject({
  app: AppName,
  appId: AppId,
  release: z.number().int(),
  slug: z
    .string()
    .regex(/^[a-z0-9_]+\/[a-z0-9]+\.tar\.gz$/)
    .describe('File under artifacts/slugs'),
  stack: z
    .string()
    .nullable()
    .describe('Image id of the stack that the release stands on; null: the image is made whatever it is'),
  nodeMajor: z.number().int().nullable().describe('Null: the usual one'),
})
export type RestackRequest = z.infer<typeof RestackRequest>

export const RestackResult = z.strictObject({
  image: z.string().nullable().describe('Null: it stands on the newest stack already'),
  stack: z.string(),
  slug: z
    .strictObject({ file: z.string(), bytes: z.number().int() })
    .optional()
    .describe('Where it was not there: what was taken from an image'),
})
export type RestackResult = z.infer<typeof RestackResult>

/** The stacks of a host, and what its instances really stand on. */
export const HostStacks = z.strictObject({
  /** What the next release gets, for each Node major that an app can ask for. */
  newest: z.array(
    z.strictObject({
      nodeMajor: z.number().int(),
      usual: z.boolean().describe('For apps that ask for none, and for static sites'),
      image: z.string().nullable().describe('Null: not made yet'),
      madeAt: Instant,
    }),
  ),
  /** Every stack image that is there, older ones included. */
  known: z.array(z.strictObject({ image: z.string(), madeAt: Instant })),
  /** Apps with a running instance whose image does not begin with the layers of a newest stack. */
  behind: z.array(AppId),
})
export type HostStacks = z.infer<typeof HostStacks>
