"""`completion`: what a shell needs to finish commands and options."""

import click
from click.shell_completion import get_completion_class


@click.command(
    "completion", epilog="Example: followmail completion bash > ~/.local/share/bash-completion/completions/followmail"
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """Print the script with which your shell finishes commands and options. docs/systemd.md tells where it goes."""
    made = get_completion_class(shell)
    assert made is not None  # it is one of the three that click knows
    click.echo(made(ctx.find_root().command, {}, "followmail", "_FOLLOWMAIL_COMPLETE").source())
