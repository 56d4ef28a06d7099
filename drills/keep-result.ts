import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { DrillResult } from '#contract/drill-result.ts'
import type { Output } from '#runtime/cli/output.ts'
import { writeFileAtomic } from '#runtime/drivers/files.ts'
import type { Field } from './field.ts'
import { renderTimeLine } from './time-line.ts'

/** Writes a result into a folder where that was asked for, and hands it in. */
export async function keepResult(
  output: Output,
  field: Pick<Field, 'record'>,
  result: DrillResult,
  folder: string | undefined,
): Promise<void> {
  if (folder !== undefined) await writeResult(output, folder, result)
  await field.record(result)
  output.note(`Recorded as evidence for ${result.promises.join(', ')}: \`maru trust\` shows it.`)
}

async function writeResult(output: Output, folder: string, result: DrillResult): Promise<void> {
  await mkdir(folder, { recursive: true })
  const base = join(folder, `${result.drill}-${result.startedAt.replaceAll(/[:.]/g, '-')}`)
  await writeFileAtomic(`${base}.json`, `${JSON.stringify(result, null, 2)}\n`, { mode: 0o644 })
  const picture = renderTimeLine(result)
  if (picture !== undefined) await writeFileAtomic(`${base}.svg`, picture, { mode: 0o644 })
  output.note(`Written: ${base}.json${picture === undefined ? '' : ` and ${base}.svg`}`)
}
