import { z } from 'zod'
import { AppName, HostName, Instant } from './ids.ts'
import { Operation } from './operations.ts'
import { route } from './route.ts'

/** Limits of the stacks under the apps. */
export const STACK_LIMITS = {
  rollAtOnce: 2,
  rollBusyS: 900,
  stackAgeS: 24 * 3600,
  stackAnswerS: 10,
} as const

/** A stack that new releases get: Debian, Node and what static sites are served with, in one image. */
export const Stack = z.strictObject({
  name: z.string().describe('Such as node26-3f2a9c0b1d2e: the Node major and the beginning of the image id'),
  image: z.string().nullable().describe('Image id; null: it is made when the first app needs it'),
  madeAt: Instant,
  hosts: z.array(HostName).describe('Hosts on which it is the newest'),
})
export type Stack = z.infer<typeof Stack>

export const AppStack = z.strictObject({
  app: AppName,
  release: z.number().int().describe('Release that serves'),
  stack: z.string().nullable().describe('Stack that it stands on; null: the app brings its own'),
  madeAt: Instant.nullable().describe('When that stack was made; null where the host no longer knows'),
  newest: z.string().nullable().describe('Newest stack for it'),
  state: z
    .enum(['newest', 'behind', 'own', 'unknown'])
    .describe('`unknown`: the host on which it was built does not say'),
  builtOn: HostName.describe('Host on which it was built, and is put on a newer stack'),
  detail: z.string().describe('Why it is not moved to a newer stack, else empty'),
})
export type AppStack = z.infer<typeof AppStack>

export const stackRoutes = {
  list: route({
    method: 'GET',
    path: '/v1/stacks',
    summary: 'The newest stacks, and which one each app stands on',
    access: { resource: 'platform', action: 'read' },
    response: z.strictObject({
      stacks: z.array(Stack),
      apps: z.array(AppStack),
      roll: Operation.nullable().describe('The roll that is under way'),
    }),
  }),
  roll: route({
    method: 'POST',
    path: '/v1/stacks/rolls',
    summary: 'Move every app onto the newest stack: the same code, new instances, one after the other',
    access: { resource: 'platform', action: 'manage' },
    response: z.strictObject({
      operation: Operation.nullable().describe('Null where no app can be put on a newer stack'),
      stay: z
        .array(AppStack)
        .describe('Apps whose host does not answer or is gone: they stay where they are'),
    }),
    status: 202,
    idempotent: true,
  }),
}
