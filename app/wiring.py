"""Which signal goes where, and what does each action: connections only, nothing is done here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from .autosave import Autosave
from .controllers.acting import Doing
from .controllers.crew import Crew
from .controllers.viewing import OPTION_OF_ACTION
from .desk import Desk
from .main_window import MainWindow
from .views.owner_intents import OwnerIntents


def connect(
    desk: Desk, window: MainWindow, crew: Crew, autosave: Autosave, leave: Callable[[], None]
) -> None:
    """Connect the desk, the views and the controllers; `leave` is asked for by closing."""
    crew.acting.bind(doing(desk, window, crew, leave))
    _connect_desk(desk, window, crew, autosave)
    _connect_window(window, crew, desk, leave)
    _connect_plot(window, crew)
    _connect_tree(window, crew)
    for view in (window.cards, window.table.table):
        _connect_owners(view, crew)
    _connect_panels(window, crew)
    _connect_results(window, crew, desk)
    _connect_series(window, crew, desk)
    _connect_map(window, crew, desk)


def _connect_series(window: MainWindow, crew: Crew, desk: Desk) -> None:
    series, view = crew.series, crew.series.view
    desk.shown.connect(series.follow)
    desk.jobs.changed.connect(series.watch)
    window.views.currentChanged.connect(series.changed_view)
    window.views.currentChanged.connect(lambda _: crew.showing.show_actions())
    view.level_chosen.connect(series.choose_level)
    view.region_chosen.connect(series.choose_region)
    view.kind_chosen.connect(series.choose_kind)
    view.fit_asked.connect(series.show_fit)
    view.play_asked.connect(series.play)
    view.settings_asked.connect(series.settings)
    view.export_asked.connect(series.ask_export)
    view.copy_asked.connect(series.copy_table)
    view.run_asked.connect(lambda: crew.acting.run("fit"))
    view.tab_changed.connect(series.refresh)
    view.resolve_asked.connect(series.resolve)


def _connect_map(window: MainWindow, crew: Crew, desk: Desk) -> None:
    maps, view = crew.maps, crew.maps.view
    desk.shown.connect(maps.follow)
    desk.jobs.changed.connect(maps.watch)
    desk.jobs.failed.connect(crew.raman.job_failed)
    window.views.currentChanged.connect(maps.changed_view)
    view.pixel_hovered.connect(maps.hover)
    view.pixel_pinned.connect(maps.pin)
    view.quantity_chosen.connect(maps.choose_quantity)
    view.limit_moved.connect(maps.move_limit)
    view.limit_set.connect(maps.set_limit)
    view.area_drawn.connect(maps.draw_area)
    view.area_chosen.connect(maps.choose_area)
    view.area_added.connect(maps.add_area)
    view.area_removed.connect(maps.remove_area)
    view.channel_clicked.connect(maps.click_channel)
    view.kind_chosen.connect(maps.choose_baseline)
    view.every_asked.connect(maps.show_every)
    view.fit_asked.connect(maps.show_fit)
    view.model_asked.connect(crew.acting.run)
    view.run_asked.connect(lambda: crew.acting.run("fit"))
    view.export_asked.connect(maps.ask_export)
    view.calibration_asked.connect(lambda: crew.acting.run("calibrate"))
    view.factors_asked.connect(maps.find_factors)
    view.factors.resolve_asked.connect(maps.resolve)


def _connect_desk(desk: Desk, window: MainWindow, crew: Crew, autosave: Autosave) -> None:
    showing, viewing, asking = crew.showing, crew.viewing, crew.program_dialogs
    desk.shown.connect(showing.show)
    desk.shown.connect(crew.reexamining.follow)
    desk.message.connect(window.state_label.setText)
    desk.complained.connect(window.banner.show_complaint)
    desk.edited.connect(window.banner.hide)
    desk.preferred.connect(lambda new: autosave.set_delay(new.autosave_s))
    desk.preferred.connect(viewing.follow)
    desk.document.dirty_changed.connect(lambda _: showing.show_title())
    desk.document.stack.indexChanged.connect(lambda _: showing.show_actions())
    desk.jobs.changed.connect(showing.show_jobs)
    desk.jobs.failed.connect(lambda _, text: desk.complain(text))
    desk.jobs.failed.connect(crew.spectra_dialogs.job_failed)
    desk.jobs.broke.connect(asking.crashed)
    autosave.failed.connect(desk.complain)
    crew.acting.ran.connect(showing.show_actions)
    crew.editing.copied.connect(showing.show_actions)
    crew.editing.ratio_defined.connect(crew.fitting.compute_ratios)
    crew.files.saved_at.connect(lambda at: window.saved_label.setText(f"Saved {at}"))
    crew.files.recent_changed.connect(window.show_recent)
    crew.files.axis_unclear.connect(crew.spectra_dialogs.axis)
    crew.files.confirmation_asked.connect(crew.spectra_dialogs.intake)
    crew.kernels.compiling.connect(window.engine_label.setText)
    crew.fitting.curve_ready.connect(window.uniqueness.show_curve)
    crew.fitting.on_the_way.connect(showing.show_on_the_way)
    crew.fitting.compared.connect(crew.model_dialogs.show_comparison)
    crew.reexamining.begun.connect(window.stored.show_busy)
    crew.reexamining.found.connect(window.stored.show_found)
    crew.reexamining.failed.connect(window.stored.show_failure)
    crew.reexamining.nothing.connect(window.stored.show_nothing)
    crew.reporting.report_ready.connect(window.report.show_preview)
    crew.spectra.reference_found.connect(crew.spectra_dialogs.show_reference)
    asking.export_asked.connect(crew.reporting.export)
    viewing.switched.connect(showing.show_actions)


def _connect_window(window: MainWindow, crew: Crew, desk: Desk, leave: Callable[[], None]) -> None:
    run = crew.acting.run
    window.action_asked.connect(run)
    window.files_dropped.connect(crew.files.open_paths)
    window.recent_asked.connect(crew.files.open_recent)
    window.close_asked.connect(leave)
    window.search_asked.connect(crew.program_dialogs.palette)
    window.cancel_asked.connect(lambda: desk.jobs.cancel())
    window.tabs.currentChanged.connect(lambda _: crew.showing.preview_later())
    window.empty.open_asked.connect(lambda: run("open"))
    window.empty.example_asked.connect(lambda: run("example"))
    window.empty.tour_asked.connect(lambda: run("tour"))
    window.empty.recent_asked.connect(crew.files.open_recent)


def _connect_plot(window: MainWindow, crew: Crew) -> None:
    plot, drag = window.plot, crew.dragging
    plot.drag_began.connect(drag.begin)
    plot.drag_moved.connect(drag.move)
    plot.drag_ended.connect(drag.end)
    plot.drag_cancelled.connect(drag.cancel)
    drag.moved.connect(crew.showing.show_live)
    drag.given_up.connect(drag.desk.refresh)
    drag.message.connect(drag.desk.say)
    plot.owner_picked.connect(crew.editing.choose_component)
    plot.tick_clicked.connect(lambda entry: crew.editing.add_entry(entry))
    plot.hovered.connect(crew.showing.show_cursor)
    plot.add_at.connect(crew.editing.add_component_at)
    plot.library_at.connect(lambda x: crew.model_dialogs.library(energy=x))
    plot.finding_asked.connect(crew.showing.show_finding)
    plot.shift_typed.connect(crew.editing.set_shift)
    plot.calibration_asked.connect(crew.spectra_dialogs.calibration)
    plot.channel_toggled.connect(crew.maps.toggle_chosen)
    plot.overlay_picked.connect(lambda key: crew.spectra.choose([key]))


def _connect_tree(window: MainWindow, crew: Crew) -> None:
    tree, spectra = window.tree, crew.spectra
    tree.selection_made.connect(spectra.choose)
    tree.rename_asked.connect(crew.spectra_dialogs.rename)
    tree.metadata_asked.connect(crew.spectra_dialogs.metadata)
    tree.sample_rename_asked.connect(crew.spectra_dialogs.rename_sample)
    tree.remove_asked.connect(spectra.remove)
    tree.calibrate_asked.connect(lambda _: crew.spectra_dialogs.calibration())
    tree.fit_asked.connect(crew.fitting.fit_spectra)
    tree.join_asked.connect(spectra.join)
    tree.preset_asked.connect(lambda _: crew.model_dialogs.library(presets=True))
    tree.take_over_asked.connect(spectra.take_over)
    tree.copy_model_asked.connect(spectra.copy_model)
    tree.paste_model_asked.connect(spectra.paste_model)


def _connect_owners(view: OwnerIntents, crew: Crew) -> None:
    edit, ask = crew.editing, crew.model_dialogs
    view.owner_chosen.connect(edit.choose_owner)
    view.value_edited.connect(edit.set_value)
    view.label_edited.connect(edit.set_label)
    view.enabled_set.connect(edit.set_enabled)
    view.held_set.connect(edit.hold)
    view.bounds_asked.connect(ask.bounds)
    view.shape_chosen.connect(edit.set_shape)
    view.remove_asked.connect(edit.remove)
    view.duplicate_asked.connect(edit.duplicate)
    view.copy_asked.connect(edit.copy)
    view.paste_asked.connect(edit.paste)
    view.rename_asked.connect(ask.rename)
    view.species_asked.connect(ask.species)
    view.link_asked.connect(ask.link)
    view.unlink_asked.connect(edit.unlink)
    view.link_typed.connect(edit.link_typed)
    view.link_made.connect(edit.link_to)
    view.prior_edited.connect(edit.set_prior)
    view.prior_removed.connect(edit.remove_prior)
    view.unlock_asked.connect(ask.unlock)
    view.relock_asked.connect(edit.relock)


def _connect_panels(window: MainWindow, crew: Crew) -> None:
    edit, run = crew.editing, crew.acting.run
    window.cards.add_asked.connect(lambda: run("add_component"))
    window.table.table.refused.connect(edit.desk.complain)
    window.background.background_chosen.connect(edit.set_background)
    window.background.background_option_edited.connect(edit.set_background_option)
    window.background.value_edited.connect(edit.set_value)
    window.background.held_set.connect(edit.hold)
    window.background.window_edited.connect(edit.set_window)
    window.stored.take_over_asked.connect(lambda: run("take_over"))
    window.stored.both_shown.connect(window.plot.show_stored)
    window.fit_panel.options_edited.connect(crew.fitting.set_options)
    window.fit_panel.shift_edited.connect(edit.set_shift)
    window.fit_panel.shift_freed.connect(crew.spectra.free_shift)
    window.notes.show_asked.connect(crew.showing.show_finding)
    window.notes.fix_asked.connect(edit.apply_fix)
    window.notes.action_asked.connect(run)
    window.notes.note_edited.connect(edit.set_note)


def _connect_results(window: MainWindow, crew: Crew, desk: Desk) -> None:
    window.alternatives.look_asked.connect(crew.alternatives.look)
    window.alternatives.adopt_asked.connect(crew.alternatives.adopt)
    window.alternatives.pointed.connect(
        lambda one: (
            window.plot.show_other(one.result, one.region)
            if one is not None
            else window.plot.show_other(None)
        )
    )
    window.pulls.free_asked.connect(crew.alternatives.free)
    crew.alternatives.found.connect(window.alternatives.show_models)
    crew.alternatives.failed.connect(window.alternatives.show_failure)
    window.ratios.define_asked.connect(crew.model_dialogs.ratio)
    window.ratios.ratio_removed.connect(crew.editing.remove_ratio)
    window.ratios.compute_asked.connect(crew.fitting.compute_ratios)
    window.ratios.analysis_chosen.connect(crew.showing.show_analysis)
    window.ratios.part_chosen.connect(window.show_part)
    window.uniqueness.curve_asked.connect(crew.fitting.uniqueness)
    window.report.export_asked.connect(lambda: crew.acting.run("export"))


# ---------------------------------------------------------------------------------
# Actions


def doing(desk: Desk, window: MainWindow, crew: Crew, leave: Callable[[], None]) -> Doing:
    """Return what does each action of the table."""
    return {
        **_file(crew),
        **_edit(crew, desk),
        **_spectrum(crew, desk),
        **_fit(crew, desk),
        **_view(crew, window),
        **_tools(crew),
        "quit": leave,
    }


def _file(crew: Crew) -> Doing:
    files, reporting = crew.files, crew.reporting
    return {
        "open": files.ask_open,
        "open_folder": files.ask_folder,
        "example": files.open_example,
        "joint_example": files.open_joint_example,
        "profile_example": crew.series.open_example,
        "export_series": crew.series.ask_export,
        "export_map": crew.maps.ask_export,
        "new": files.new,
        "save": files.save,
        "save_as": files.save_as,
        "export": crew.program_dialogs.export,
        "export_recipe": reporting.ask_recipe,
        "export_picture": reporting.ask_picture,
        "export_review": reporting.ask_review,
        "compose": crew.composing.compose,
    }


def _edit(crew: Crew, desk: Desk) -> Doing:
    edit, viewing = crew.editing, crew.viewing
    return {
        "undo": desk.document.stack.undo,
        "redo": desk.document.stack.redo,
        "copy_picture": viewing.copy_picture,
        "copy_table": viewing.copy_table,
        "copy_map": crew.maps.copy_table,
        "copy_component": edit.copy_chosen,
        "paste_component": edit.paste,
        "duplicate": edit.duplicate_chosen,
        "disable": edit.toggle_chosen,
        "remove_component": edit.remove_chosen,
        "preferences": crew.program_dialogs.preferences,
    }


def _spectrum(crew: Crew, desk: Desk) -> Doing:
    spectra, ask = crew.spectra, crew.spectra_dialogs
    return {
        "calibrate": partial(_calibrate, crew),
        "take_over": spectra.take_over,
        "copy_model": spectra.copy_model,
        "paste_model": spectra.paste_model,
        "join": spectra.join,
        "split": spectra.split,
        "remove_model": spectra.remove_model,
        "rename_region": ask.rename,
        "metadata": ask.metadata,
        "find_rays": crew.maps.find_rays,
        "restore_channels": crew.maps.restore_channels,
        "baselines": crew.raman.baselines,
        "remove_spectra": lambda: spectra.remove(desk.document.selection.spectra),
        "previous": partial(spectra.step, -1),
        "next": partial(spectra.step, 1),
    }


def _fit(crew: Crew, desk: Desk) -> Doing:
    edit, fitting, ask, drag = crew.editing, crew.fitting, crew.model_dialogs, crew.dragging
    return {
        "preset": partial(_preset, crew),
        "recipe": partial(_recipe, crew),
        "add_component": ask.library,
        "add_unassigned": edit.add_component_at,
        "fit": partial(_run_fit, crew),
        "map_pixel_model": crew.maps.take_pixel_model,
        "series_settings": crew.series.settings,
        "fit_all": fitting.fit_all,
        "cancel": desk.jobs.cancel,
        "clear_fit": edit.clear_fit,
        "new_ratio": ask.ratio,
        "left": partial(drag.nudge, -1, fine=False),
        "right": partial(drag.nudge, 1, fine=False),
        "left_fine": partial(drag.nudge, -1, fine=True),
        "right_fine": partial(drag.nudge, 1, fine=True),
        "next_component": partial(edit.next_owner, 1),
        "previous_component": partial(edit.next_owner, -1),
    }


def _preset(crew: Crew) -> None:
    take = crew.maps.add_preset if crew.maps.is_seen else None
    crew.model_dialogs.library(presets=True, take=take)


def _recipe(crew: Crew) -> None:
    ask = crew.maps.ask_recipe if crew.maps.is_seen else crew.spectra_dialogs.recipe
    ask()


def _calibrate(crew: Crew) -> None:
    ask = crew.raman.calibration if crew.raman.is_raman else crew.spectra_dialogs.calibration
    ask()


def _run_fit(crew: Crew) -> None:
    if crew.series.is_seen:
        crew.series.fit()
    elif crew.maps.is_seen:
        crew.maps.fit()
    else:
        crew.fitting.fit_shown()


def _view(crew: Crew, window: MainWindow) -> Doing:
    viewing = crew.viewing
    return {
        **{one: partial(viewing.switch, one) for one in OPTION_OF_ACTION},
        "palette": crew.program_dialogs.palette,
        "spectrum_view": partial(window.show_view, 0),
        "series_view": crew.series.show,
        "map_view": crew.maps.show,
        "play": crew.series.play,
        "reset_view": window.plot.reset_view,
        "waterfall": viewing.switch_waterfall,
        "live": viewing.switch_live,
        "dark": viewing.switch_dark,
        "arrange": viewing.switch_arranging,
        "reset_layout": window.reset_layout,
    }


def _tools(crew: Crew) -> Doing:
    pages = crew.program_dialogs
    return {
        "library": crew.model_dialogs.library,
        "report": crew.showing.show_report,
        "rigidity": crew.spectra_dialogs.rigidity,
        "compare": crew.fitting.compare,
        "manual": pages.manual,
        "problem": pages.problem,
        "tour": crew.touring.begin,
        "shortcuts": pages.shortcuts,
        "notes": pages.science_notes,
        "log": pages.log,
        "about": pages.about,
    }
