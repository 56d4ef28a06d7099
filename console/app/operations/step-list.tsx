import { Timeline } from '@mantine/core'
import { CheckIcon, Cross2Icon, DotFilledIcon } from '@radix-ui/react-icons'

/** What was done, in order; the last one is under way until the operation has ended. */
export function StepList(props: {
  readonly steps: readonly string[]
  readonly end: 'done' | 'failed' | undefined
}) {
  const { steps, end } = props
  if (steps.length === 0) return null
  const bulletOf = (index: number) => {
    if (index < steps.length - 1 || end === 'done') return <CheckIcon aria-label="done" />
    return end === 'failed' ? <Cross2Icon aria-label="failed" /> : <DotFilledIcon aria-label="under way" />
  }
  return (
    <Timeline
      active={steps.length - 1}
      color={end === 'failed' ? 'red' : 'teal'}
      bulletSize={22}
      lineWidth={2}
      aria-label="Steps"
    >
      {steps.map((text, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: steps are only ever added at the end
        <Timeline.Item key={index} bullet={bulletOf(index)} title={text} />
      ))}
    </Timeline>
  )
}
