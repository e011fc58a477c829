using Aspire.DashboardService.Proto.V1;
using Aspire.Hosting.ApplicationModel;
using ResourceCommandState = Aspire.DashboardService.Proto.V1.ResourceCommandState;
using WireInput = Aspire.DashboardService.Proto.V1.InteractionInput;
using WireInputType = Aspire.DashboardService.Proto.V1.InputType;

namespace Aspire.Hosting.Dashboard.ResourceService;

/// <summary>The commands of a resource, and what they ask for, in the words of the dashboard.</summary>
internal static class CommandMessages
{
    public static IEnumerable<ResourceCommand> Of(ResourceEvent change) => change.Snapshot.Commands.Select(command =>
    {
        var declared = change.Resource.Annotations.OfType<ResourceCommandAnnotation>().LastOrDefault(c => c.Name == command.Name);
        return Of(command, declared?.Options.Arguments ?? []);
    });

    private static ResourceCommand Of(ResourceCommandSnapshot command, IReadOnlyList<InteractionInput> arguments)
    {
        var message = new ResourceCommand
        {
            Name = command.Name,
            DisplayName = command.DisplayName,
            IsHighlighted = command.IsHighlighted,
            State = command.State switch
            {
                ApplicationModel.ResourceCommandState.Enabled => ResourceCommandState.Enabled,
                ApplicationModel.ResourceCommandState.Disabled => ResourceCommandState.Disabled,
                _ => ResourceCommandState.Hidden,
            },
            ArgumentInputs = { arguments.Select(Of) },
        };
        if (command.ConfirmationMessage is { } confirmation)
            message.ConfirmationMessage = confirmation;
        if (command.DisplayDescription is { } description)
            message.DisplayDescription = description;
        if (command.IconName is { } icon)
            message.IconName = icon;
        if (command.IconVariant is { } variant)
            message.IconVariant = ResourceMessages.VariantOf(variant);
        return message;
    }

    private static WireInput Of(InteractionInput input)
    {
        var message = new WireInput
        {
            Name = input.Name,
            Label = input.Label ?? input.Name,
            Description = input.Description ?? "",
            Placeholder = input.Placeholder ?? "",
            Required = input.Required,
            Value = input.Value ?? "",
            MaxLength = input.MaxLength ?? 0,
            InputType = input.InputType switch
            {
                InputType.SecretText => WireInputType.SecretText,
                InputType.Choice => WireInputType.Choice,
                InputType.Boolean => WireInputType.Boolean,
                InputType.Number => WireInputType.Number,
                _ => WireInputType.Text,
            },
        };
        foreach (var (value, text) in input.Options ?? [])
            message.Options[value] = text;
        return message;
    }
}
