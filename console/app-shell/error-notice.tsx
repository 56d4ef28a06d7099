import { Alert, Button, Text } from '@mantine/core'
import { CrossCircledIcon } from '@radix-ui/react-icons'
import { MaruError } from '#contract/errors.ts'
import { CodeInText } from './code-in-text.tsx'

/** What the command line would say about this error. */
export function sentencesOf(error: unknown): { readonly message: string; readonly hint: string } {
  if (error instanceof MaruError) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new MaruError('console.failed', { reason })
}

/** An error, with the same sentences as on the command line: what happened and why, and what to do next. */
export function ErrorNotice(props: {
  readonly error: unknown
  readonly onTryAgain?: (() => void) | undefined
}) {
  const { message, hint } = sentencesOf(props.error)
  return (
    <Alert
      color="red"
      variant="light"
      role="alert"
      icon={<CrossCircledIcon aria-hidden />}
      title={<CodeInText text={message} />}
    >
      <Text size="sm">
        <CodeInText text={hint} />
      </Text>
      {props.onTryAgain && (
        <Button mt="sm" size="xs" variant="default" onClick={props.onTryAgain}>
          Try again
        </Button>
      )}
    </Alert>
  )
}
