"""What lines of a proftpd.conf change for the lines behind them."""

from __future__ import annotations

from dataclasses import dataclass

from vigilog.config.proftpd_include import OPTIONS
from vigilog.config.proftpd_nouns import Directive
from vigilog.config.proftpd_words import Bad


@dataclass(slots=True)
class Circumstances:
    """The names that <IfDefine> finds, the environment, how Include reads, and whether others may read files of users."""

    defines: set[str]
    environment: dict[str, str]
    include_options: frozenset[str] = frozenset()
    insecure: bool = False

    def learn(self, directive: Directive) -> None:
        """Takes note of a directive that changes any of them. Raises Bad."""
        parameters = directive.parameters
        match directive.name:
            case "AuthFileOptions":
                self.insecure = "InsecurePerms" in parameters
            case "Define":
                self.defines.add(parameters[0])
            case "IncludeOptions":
                for word in parameters:
                    if word not in OPTIONS:
                        raise Bad(f"unknown IncludeOption '{word}'")
                self.include_options = frozenset(parameters)
            case "SetEnv" if directive.section == "server config":
                self.environment[parameters[0]] = parameters[1]
            case "UnsetEnv" if directive.section == "server config":
                self.environment.pop(parameters[0], None)
