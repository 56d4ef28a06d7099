import { makeClient } from './api-client.ts'
import type { Client } from './client.ts'
import { chooseEndpoint } from './connect.ts'
import type { ApiOptions, CliContext } from './context.ts'
import { makeOutput, type Output } from './output.ts'
import { showWaiting } from './progress.ts'

/** What a command works with: the API, the output, and the process around it. */
export interface Session {
  readonly api: Client
  readonly out: Output
  readonly context: CliContext
}

/** Opens the session of a command: decides where it goes; nothing is sent yet. */
export async function openSession(context: CliContext, options: ApiOptions): Promise<Session> {
  const out = makeOutput(context, options)
  const endpoint = await chooseEndpoint(context, options)
  const client = makeClient(endpoint, { onTrouble: out.note })
  const call: Client['call'] = (route, request) =>
    showWaiting(out.progress, 'Waiting for the control plane', client.call(route, request))
  return { api: { ...client, call }, out, context }
}
